import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { observe, observeFailure, observeRun } from "../../src/alert/observe.ts";
import type { InstallationReport } from "../../src/report/document.ts";
import { aFinding, anAction } from "../support/alert-run.ts";

const folder = mkdtempSync(join(tmpdir(), "keeper-observe-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "x.jsonl");

function aReport(more: Partial<InstallationReport>): InstallationReport {
  return { name: "a", era: null, dialects: [], findings: [], actions: [], spared: [], ...more };
}

const place = { scope: "homes:a" };
const whole = { isPartial: false, on: ["corruption", "failure", "repair"] };

function look(more: Partial<InstallationReport>, facts = whole) {
  return observe(aReport(more), place, facts);
}

describe("corruption", () => {
  test.for([
    [{}, 1],
    [{ severity: "info" }, 0],
    [{ kind: "rejection-logged" }, 1],
    [{ kind: "rejection-logged", evidence: { witness: "pasted" } }, 0],
    [{ kind: "rejection-logged", evidence: { witness: "transcript" } }, 0],
    [{ kind: "crash-logged", severity: "warning", evidence: { condemns: true } }, 1],
    [{ kind: "crash-logged", severity: "warning", evidence: { condemns: false } }, 0],
    [{ kind: "broken-registry" }, 1],
    [{ kind: "unverified-archive" }, 1],
    [{ kind: "tokens-critical" }, 0],
    [{ kind: "clock-stepped" }, 0],
    [{ kind: "oversized", severity: "warning" }, 0],
  ] as const)("%j: %i", ([more, count]) => {
    expect(look({ findings: [aFinding(path, more)] }).open).toHaveLength(count);
  });

  test("is one thing for each session, and mended only when all of it is", () => {
    const findings = [aFinding(path, { resolved: true }), aFinding(path, { kind: "torn-tail" }), aFinding("/other")];
    expect(look({ findings }).open).toMatchObject([
      { subject: path, kinds: ["orphaned-result", "torn-tail"] },
      { subject: "/other" },
    ]);
    expect(look({ findings: [aFinding(path, { resolved: true })] })).toMatchObject({
      open: [],
      mended: [{ subject: path }],
    });
  });
});

describe("failures", () => {
  test("are steps and installations that failed, not those that another run or a stop kept from it", () => {
    const failure = (code: string) => observeFailure(aReport({ failure: { code, message: "", hint: "" } }), whole).open;
    expect(failure("failed")).toMatchObject([{ kind: "failure", subject: "installation", kinds: ["failed"] }]);
    expect([...failure("locked"), ...failure("stopped")]).toEqual([]);
    const actions = [
      anAction("archive-transcript", { result: "failed", path }),
      anAction("remove-lock", { result: "busy" }),
    ];
    expect(look({ actions }).open).toMatchObject([{ kind: "failure", subject: path, kinds: ["archive-transcript"] }]);
    const error = { code: "usage", message: "", hint: "" };
    expect(observeRun({ error }, whole).open).toMatchObject([{ kind: "failure", subject: "run" }]);
    expect(observeRun({ error: { ...error, code: "locked" } }, whole).open).toEqual([]);
  });

  test("of a repair are told with what is broken, if that is told", () => {
    const report = { findings: [aFinding(path)], actions: [anAction("repair-transcript", { result: "failed", path })] };
    expect(look(report).open.map(({ kind }) => kind)).toEqual(["corruption"]);
    expect(look(report, { isPartial: false, on: ["failure"] }).open.map(({ kind }) => kind)).toEqual([
      "corruption",
      "failure",
    ]);
  });
});

test.for([
  ["repair-transcript", "orphaned-result", true],
  ["restart-gateway", "orphaned-result", true],
  ["digest-transcript", "crash-logged", true],
  ["digest-transcript", "oversized", false],
  ["cut-transcript", "oversized", false],
  ["edit-registry", "corrupt-entry", true],
  ["edit-registry", "idle-session", false],
  ["remove-lock", "stale-lock", false],
] as const)("%s because of %s is a repair: %s", ([kind, because, expected]) => {
  expect(look({ actions: [anAction(kind, { because: [because] })] }).hasRepaired).toBe(expected);
  expect(look({ actions: [anAction(kind, { because: [because], result: "failed" })] }).hasRepaired).toBe(false);
});

describe("a run that does not tell of a trouble any more", () => {
  const trouble = { kind: "corruption", subject: path, path, kinds: [] } as const;
  const wouldFind = (more: Partial<InstallationReport>, facts = whole) =>
    look(more, facts).wouldFind({ ...trouble, kinds: [] });

  test("would have found it", () => expect(wouldFind({})).toBe(true));

  test.for([
    ["the installation failed", { failure: { code: "locked", message: "", hint: "" } }],
    ["a step waits for the session", { actions: [anAction("archive-transcript", { result: "busy", path })] }],
    ["something else is wrong with it", { findings: [aFinding(path, { kind: "stale-binding", severity: "warning" })] }],
    ["it is too large to be looked at", { findings: [aFinding(path, { kind: "oversized", severity: "info" })] }],
    ["its folder cannot be read", { findings: [aFinding(folder, { kind: "unreadable", severity: "warning" })] }],
  ] as [string, Partial<InstallationReport>][])("would not: %s", ([, more]) => expect(wouldFind(more)).toBe(false));

  test("would not when it was stopped, or when the folder is gone", () => {
    expect(wouldFind({}, { ...whole, isPartial: true })).toBe(false);
    const gone = join(folder, "vanished", "x.jsonl");
    expect(look({}).wouldFind({ ...trouble, kinds: [], subject: gone, path: gone })).toBe(false);
    mkdirSync(join(folder, "vanished"));
    expect(look({}).wouldFind({ ...trouble, kinds: [], subject: gone, path: gone })).toBe(true);
  });

  test("would not when it looked at other files only", () => {
    const { wouldFind: judge } = observe(aReport({}), { ...place, looked: new Set(["/other"]) }, whole);
    expect(judge({ ...trouble, kinds: [] })).toBe(false);
  });

  test("ends a failed restart only by one that succeeds", () => {
    const [restart] = look({ actions: [anAction("restart-gateway", { result: "failed" })] }).open;
    if (!restart) throw new Error("a failed restart is a trouble");
    expect(look({}).wouldFind(restart)).toBe(false);
    expect(look({ actions: [anAction("restart-gateway")] }).wouldFind(restart)).toBe(true);
  });

  test("ends a line of the log that named no session never", () => {
    const evidence = { condemns: false, attribution: "ambiguous" };
    const [logged] = look({ findings: [aFinding("/log", { kind: "rejection-logged", evidence })] }).open;
    if (!logged) throw new Error("a rejection is a trouble");
    expect(look({}).wouldFind(logged)).toBe(false);
  });
});
