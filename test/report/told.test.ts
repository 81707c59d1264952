import { expect, test } from "vitest";
import type { ReportedAction, ReportedFinding } from "../../src/report/document.ts";
import { hasNews, withoutTold } from "../../src/report/news.ts";
import { rememberTold } from "../../src/report/told.ts";
import type { InstallationState } from "../../src/state/state.ts";

const HOUR = 3_600_000;

const finding = (path: string, more: Partial<ReportedFinding> = {}): ReportedFinding => ({
  ...{ kind: "orphaned-result", severity: "error", message: "", resolved: false, path, evidence: {} },
  ...more,
});
const action = (path: string, result: ReportedAction["result"]): ReportedAction => ({
  ...{ kind: "repair-transcript", message: "", path, because: [], result },
});

/** What a crontab's runs say, one after the other; each an hour after the one before. */
function tell(runs: readonly { findings?: ReportedFinding[]; actions?: ReportedAction[] }[], command = "rotate") {
  let state = { told: {} } as InstallationState;
  return runs.map(({ findings = [], actions = [] }, index) => {
    const installation = { name: "", era: null, dialects: [], findings, actions, spared: [] };
    state = rememberTold(state, command, installation, index * HOUR, 24 * HOUR);
    if (!hasNews(installation)) return [];
    const told = [...withoutTold(installation).findings, ...withoutTold(installation).actions];
    return told.length > 0 ? told.map(({ path }) => path) : ["a report of nothing"];
  });
}

test("only what is new is told, and what was told is told again in time", () => {
  const runs = Array.from({ length: 26 }, (_, hour) => ({
    findings: hour === 0 ? [finding("a")] : [finding("a"), finding("b")],
  }));
  const told = tell(runs);
  expect(told.slice(0, 3)).toEqual([["a"], ["b"], []]);
  expect(told.slice(24)).toEqual([["a"], ["b"]]);
});

test("what a run did is told with what it dealt with, and no old trouble beside it", () => {
  const done = { findings: [finding("a"), finding("b", { resolved: true })], actions: [action("b", "done")] };
  expect(tell([{ findings: [finding("a"), finding("b")] }, done])).toEqual([
    ["a", "b"],
    ["b", "b"],
  ]);
});

test("what waits goes with its trouble, and a failure that repeats itself is told once", () => {
  const waits = { findings: [finding("a")], actions: [action("a", "busy")] };
  const fails = { findings: [finding("a")], actions: [action("a", "failed")] };
  expect(tell([waits, waits])).toEqual([["a", "a"], []]);
  expect(tell([fails, fails])).toEqual([["a", "a"], []]);
});

test("trouble that was over and comes again is new", () => {
  expect(tell([{ findings: [finding("a")] }, {}, { findings: [finding("a")] }])).toEqual([["a"], [], ["a"]]);
});
