import { expect, test } from "vitest";
import { addRun, type Figures, type Measured, NO_FIGURES } from "../../src/metrics/figures.ts";
import type { InstallationReport } from "../../src/report/document.ts";
import { aFinding, anAction } from "../support/alert-run.ts";

type Run = { command?: string; exitCode?: number; nowMs?: number; all?: string[]; measured?: Record<string, Measured> };

function add(before: Figures, installations: Partial<InstallationReport>[], run: Run = {}): Figures {
  const { command = "rotate", exitCode = 0, nowMs = 1000, all, measured = {} } = run;
  const whole = installations.map((one) => ({
    ...{ name: "a", era: null, dialects: [], findings: [], actions: [], spared: [] },
    ...one,
  }));
  const report = { command, exitCode, durationMs: 250, installations: whole };
  return addRun(before, report, measured, { nowMs, ...(all ? { all } : {}) });
}

test("a run that failed is the last one, and not the last success", () => {
  let figures = add(NO_FIGURES, [], { exitCode: 1, nowMs: 1000 });
  expect(figures.commands.rotate).toMatchObject({ lastRun: 1, lastSuccess: 1, durationSeconds: 0.25, exitCode: 1 });
  for (const exitCode of [2, 3, 75, 143]) figures = add(figures, [], { exitCode, nowMs: 5000 });
  expect(figures.commands.rotate).toMatchObject({ lastRun: 5, lastSuccess: 1, exitCode: 143 });
});

test("findings are those of each command's last run, and what one could not look at stays", () => {
  const findings = [aFinding("/x"), aFinding("/y"), aFinding("/z", { resolved: true })];
  let figures = add(NO_FIGURES, [{ findings }]);
  figures = add(figures, [{}], { command: "archive" });
  figures = add(figures, [{ failure: { code: "failed", message: "", hint: "" } }]);
  expect(figures.commands.rotate?.installations.a).toEqual({
    isFailed: true,
    findings: { "orphaned-result error": 2 },
  });
  figures = add(figures, [{ failure: { code: "locked", message: "", hint: "" } }]);
  expect(figures.commands.rotate?.installations.a?.isFailed).toBe(true);
  figures = add(figures, [{}]);
  expect(figures.commands.rotate?.installations.a).toEqual({ isFailed: false, findings: {} });
});

test("what runs did adds up", () => {
  const did = {
    findings: [aFinding("/x", { resolved: true })],
    actions: [
      anAction("archive-transcript", { detail: { bytes: 100 } }),
      anAction("archive-transcript", { result: "failed", detail: { bytes: 7 } }),
      anAction("restart-gateway"),
    ],
  };
  const { totals } = add(add(NO_FIGURES, [did]), [did], { command: "archive" });
  expect(totals.a).toEqual({
    restarts: 2,
    archivedBytes: 200,
    actions: { "archive-transcript done": 2, "archive-transcript failed": 2, "restart-gateway done": 2 },
    resolved: { "orphaned-result": 2 },
  });
});

test("stale locks are what clean-locks left, and what was measured stays until it is measured again", () => {
  const locks = [aFinding("/l", { kind: "stale-lock" }), aFinding("/m", { kind: "stale-lock", resolved: true })];
  const transcripts = { openclaw: { count: 1, bytes: 2, largest: 2 } };
  let figures = add(NO_FIGURES, [{}], { measured: { a: { transcripts } } });
  figures = add(figures, [{ findings: locks }], { command: "clean-locks", measured: { a: { archives: {} } } });
  figures = add(figures, [{}]);
  expect(figures.installations.a).toEqual({ transcripts, archives: {}, staleLocks: 1 });
});

test("an installation that is gone from the configuration is forgotten, not one that was only not asked for", () => {
  let figures = add(NO_FIGURES, [{ name: "a" }, { name: "b" }], { all: ["a", "b"] });
  figures = add(figures, [{ name: "a" }], {});
  expect(Object.keys(figures.totals)).toEqual(["a", "b"]);
  figures = add(figures, [{ name: "a" }], { all: ["a"] });
  expect(Object.keys(figures.totals)).toEqual(["a"]);
  expect(Object.keys(figures.commands.rotate?.installations ?? {})).toEqual(["a"]);
});
