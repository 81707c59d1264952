import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { configure } from "../support/configure.ts";
import { archivesIn, type Home, unzip } from "../support/home.ts";
import { incidentKey, incidentSession, makeIncident } from "../support/incident.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

let home: Home;
afterEach(() => home?.remove());

test("the incident: archived, mended, the binding kept, one restart; five minutes later nothing", async () => {
  const incident = makeIncident();
  home = incident;
  const original = readFileSync(incident.transcript, "utf8");
  const registry = readFileSync(incident.registry, "utf8");
  const { args, restarts } = configure(home);
  const report = await keeperJson(["rotate", ...args]);
  expect(report.status).toBe(0);
  expect(report.installations[0]?.findings).toMatchObject([
    {
      kind: "crash-logged",
      severity: "warning",
      resolved: true,
      sessionId: incidentSession,
      sessionKey: incidentKey,
      evidence: { lines: 1 },
    },
    { kind: "orphaned-result", severity: "error", resolved: true, sessionId: incidentSession, line: 121 },
    { kind: "orphaned-result", severity: "error", resolved: true, sessionId: incidentSession, line: 122 },
  ]);
  expect(report.installations[0]?.actions.map(({ kind, result }) => `${kind} ${result}`)).toEqual([
    "archive-transcript done",
    "repair-transcript done",
    "restart-gateway done",
  ]);
  const [archive = ""] = archivesIn(join(home.claude, "session-archives"));
  expect(archive).toContain(".repair.jsonl.gz");
  expect(unzip(archive).toString()).toBe(original);
  const [lines, mended] = [original.split("\n"), readFileSync(incident.transcript, "utf8").split("\n")];
  expect(mended).toHaveLength(lines.length - 2);
  // the row that hung on those two hangs on the one before them
  expect(mended.filter((line) => !lines.includes(line))).toHaveLength(1);
  expect(readFileSync(incident.registry, "utf8")).toBe(registry);
  expect(restarts()).toBe(1);
  expect(await keeper(["rotate", ...args])).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(restarts()).toBe(1);
});

test.for([
  ["a usage limit", "Claude AI usage limit reached|1770573600"],
  ["an expired login", "OAuth token has expired. Please run /login"],
  ["an overloaded vendor", "API Error: 529 Overloaded"],
])(
  "the same log with %s in its failures condemns nobody: what is broken is mended, and nothing else happens",
  async ([, reason]) => {
    const incident = makeIncident({ log: (text) => text.replace("API Error: 400", reason ?? "") });
    home = incident;
    const { args, restarts } = configure(home);
    const registry = readFileSync(incident.registry, "utf8");
    const report = await keeperJson(["rotate", ...args]);
    expect(report.status).toBe(0);
    expect(report.installations[0]).toMatchObject({
      findings: [
        { kind: "crash-logged", severity: "info" },
        { kind: "orphaned-result", severity: "error", resolved: true },
        { kind: "orphaned-result", severity: "error", resolved: true },
      ],
      actions: [{ kind: "archive-transcript" }, { kind: "repair-transcript", result: "done" }],
    });
    expect(readFileSync(incident.registry, "utf8")).toBe(registry);
    expect(restarts()).toBe(0);
  },
);
