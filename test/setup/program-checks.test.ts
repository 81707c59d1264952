import { expect, test } from "vitest";
import { ownJobsIn } from "../../src/setup/own-jobs.ts";
import { checkNode, checkSight } from "../../src/setup/program-checks.ts";

test("Node is recent enough from 20.19 on", () => {
  const kinds = ["18.20.1", "20.18.9", "20.19.0", "v20.20.2", "22.0.0"].map((version) => checkNode(version, "/n").kind);
  expect(kinds).toEqual(["node-old", "node-old", "node-recent", "node-recent", "node-recent"]);
});

test("a Node that the next version takes away is told", () => {
  expect(checkNode("22.1.0", "/home/a/.nvm/versions/node/v22.1.0/bin/node")).toMatchObject({
    kind: "node-managed",
    severity: "advice",
  });
});

const [own] = ownJobsIn([
  { source: "mine", line: 4, schedule: "* * * * *", command: "session-keeper rotate", variables: {} },
]);
const sight = { searchPath: "/usr/bin:/bin", program: "/usr/bin/session-keeper", needsNode: true };

test.for([
  { seen: { ...sight, node: "/n", nodeVersion: "20.19.0" }, kind: "cron-finds-program", severity: "ok" },
  { seen: { ...sight, node: "/n", nodeVersion: "18.1.0" }, kind: "cron-node-old", severity: "error" },
  { seen: { ...sight, node: "/n" }, kind: "cron-node-silent", severity: "warning" },
  { seen: sight, kind: "cron-lacks-node", severity: "error" },
  { seen: { ...sight, needsNode: false }, kind: "cron-finds-program", severity: "ok" },
  { seen: { ...sight, program: undefined }, kind: "cron-lacks-program", severity: "error" },
])("$kind", ({ seen, kind, severity }) => {
  if (!own) throw new Error("no job");
  expect(checkSight([{ own, sight: seen }])).toMatchObject([{ kind, severity }]);
});

test("five lines that see the same are told once", () => {
  if (!own) throw new Error("no job");
  expect(checkSight(Array.from({ length: 5 }, () => ({ own, sight })))).toHaveLength(1);
});
