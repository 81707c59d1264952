import { expect, test } from "vitest";
import { reportSchema } from "../../src/report/schema.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

/** Where nothing is: no home, and a configuration that cannot be read. */
const nowhere = { HOME: "/nonexistent", XDG_CONFIG_HOME: "/nonexistent" };

test("a finding is explained without a home, a configuration or a terminal", async () => {
  const { status, stdout, stderr } = await keeper(["explain", "stale-lock"], nowhere);
  expect([status, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("What you can do");
  expect(stdout).toContain("session-keeper clean-locks");
  expect(stdout.split("\n").filter((line) => line.length > 80)).toEqual([]);
});

test("steps and reasons are explained, too", async () => {
  for (const kind of ["cut-transcript", "personal"])
    expect((await keeper(["explain", kind], nowhere)).stdout).toMatch(new RegExp(`^${kind}: `));
});

test("without a name all of them are listed, each in one entry", async () => {
  const { status, stdout } = await keeper(["explain"], nowhere);
  expect(status).toBe(0);
  for (const kind of ["torn-tail", "not-undone", "unreadable", "restart-gateway", "pinned"])
    expect(stdout.match(new RegExp(`^  ${kind}  `, "gm"))).toHaveLength(1);
});

test("a name that is none is refused, with the nearest", async () => {
  const { status, stdout, stderr } = await keeper(["explain", "orphaned-results"], nowhere);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("the nearest is orphaned-result\n");
  const document = await keeperJson(["explain", "orphaned-results"], nowhere);
  expect([document.exitCode, document.error?.code]).toEqual([2, "usage"]);
});

test("--json gives the one document", async () => {
  const { status, stderr, ...document } = await keeperJson(["explain", "broken-line"], nowhere);
  expect(() => reportSchema.parse(document)).not.toThrow();
  expect(document.explanations?.map(({ kind, of }) => [kind, of])).toEqual([["broken-line", "finding"]]);
  expect(document.explanations?.[0]?.releases?.length).toBeGreaterThan(2);
});
