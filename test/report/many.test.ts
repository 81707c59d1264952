import { expect, test } from "vitest";
import type { InstallationReport } from "../../src/report/document.ts";
import { putTogether, subjectsOf, tellMany } from "../../src/report/many.ts";
import { fold } from "../../src/report/wrap.ts";

const plain = (_: unknown, text: string) => text;

/** An installation in which so many sessions were archived; `odd`: the one whose archive failed. */
function archived(count: number, odd = -1): InstallationReport {
  const paths = Array.from({ length: count }, (_, index) => `/s/${index}.jsonl`);
  return {
    ...{ name: "a", era: null, dialects: ["openclaw"] },
    findings: paths.map((path) => ({
      ...{ kind: "idle-session", severity: "info", message: "", resolved: true, path },
      evidence: { bytes: 1000 },
    })),
    actions: paths.map((path, index) => ({
      ...{ kind: "archive-transcript", message: "", path, because: ["idle-session"] },
      result: index === odd ? "failed" : "done",
      detail: { bytes: 1000 },
    })),
    spared: [],
  };
}

test("a few are told one by one", () => {
  expect(putTogether(subjectsOf(archived(6))).every((one) => !Array.isArray(one))).toBe(true);
});

test("many of one fate are told in a few lines, and what failed is told singly", () => {
  const told = putTogether(subjectsOf(archived(30, 7)));
  expect(told.map((one) => (Array.isArray(one) ? one.length : one.path))).toEqual([29, "/s/7.jsonl"]);
  const [many] = told;
  expect(Array.isArray(many) && tellMany(many, false, plain as never).flatMap((line) => fold(line, undefined))).toEqual(
    [
      "  29 sessions",
      "    seen   nothing has happened in them for long (idle-session), 29 KB in all",
      "    done   archived (29 KB)",
    ],
  );
});

test("what was acted on comes before what is only mentioned, and what has no path comes last", () => {
  const report = archived(1);
  report.findings.unshift({
    kind: "leftover",
    severity: "info",
    message: "",
    resolved: false,
    path: "/b",
    evidence: {},
  });
  report.actions.push({ kind: "restart-gateway", message: "", because: [], result: "done" });
  expect(subjectsOf(report).map(({ path }) => path)).toEqual(["/s/0.jsonl", "/b", undefined]);
});
