import { expect, test } from "vitest";
import { rememberRun, seenSince } from "../../src/state/remember-run.ts";
import { readState } from "../../src/state/state.ts";

const blank = readState("/nowhere/at/all.json").state;
const trouble = { kind: "stale-lock", severity: "warning", resolved: false, path: "/h/a.jsonl.lock" };
const quiet = { findings: [], actions: [] };
const run = (command: string, atMs: number) => ({ command, runId: `run-${atMs}`, atMs });

test("a run leaves when it was, what it left open and what it did", () => {
  const actions = [
    { kind: "remove-lock", result: "done" },
    { kind: "remove-lock", result: "done" },
    { kind: "edit-registry", result: "failed" },
    { kind: "remove-lock", result: "busy" },
  ];
  const { runs } = rememberRun(blank, run("clean-locks", 1000), { findings: [trouble], actions });
  expect(runs["clean-locks"]).toEqual({
    at: 1000,
    open: 1,
    failed: 1,
    changed: { at: 1000, runId: "run-1000", did: { "remove-lock": 2 } },
  });
});

test("a run that did nothing keeps what the last one that did something left", () => {
  const first = rememberRun(blank, run("rotate", 1000), {
    findings: [],
    actions: [{ kind: "cut-transcript", result: "done" }],
  });
  const second = rememberRun(first, run("rotate", 2000), quiet);
  expect(second.runs.rotate).toMatchObject({ at: 2000, changed: { at: 1000, runId: "run-1000" } });
});

test("trouble keeps the time when it was first seen, by whichever command, until that command sees it no more", () => {
  const first = rememberRun(blank, run("rotate", 1000), { findings: [trouble], actions: [] });
  const second = rememberRun(first, run("rotate", 2000), { findings: [trouble], actions: [] });
  const third = rememberRun(second, run("clean-locks", 3000), { findings: [trouble], actions: [] });
  expect(seenSince(third, trouble)).toBe(1000);
  const over = rememberRun(third, run("rotate", 4000), quiet);
  expect(seenSince(over, trouble)).toBe(3000);
  expect(seenSince(rememberRun(over, run("clean-locks", 5000), quiet), trouble)).toBeUndefined();
});

test.for([
  { ...trouble, severity: "info" },
  { ...trouble, resolved: true },
])("what is no trouble is not remembered: $severity, resolved $resolved", (finding) => {
  expect(rememberRun(blank, run("rotate", 1), { findings: [finding], actions: [] }).since).toEqual({});
});
