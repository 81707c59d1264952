import { expect, it } from "vitest";
import { beginReport, finishReport, type InstallationReport, type ReportedFinding } from "../../src/report/document.ts";
import { toJson } from "../../src/report/to-json.ts";

const finding = (index: number): ReportedFinding => ({
  kind: "idle-session",
  severity: "info",
  message: `"${index}" \u2028 \ud83e\udd9e`,
  resolved: true,
  evidence: { at: index, none: undefined, ids: [null, undefined] },
  isTold: true,
});

const installation = (findings: number): InstallationReport => ({
  name: "jarvis",
  era: null,
  dialects: ["openclaw"],
  findings: Array.from({ length: findings }, (_, index) => finding(index)),
  actions: [],
  spared: [],
  failure: { code: "locked", message: "m", hint: "h", sinceMs: 5 },
});

it.each([[[]], [[0]], [[1, 99]], [[100, 101, 1000]]])(
  "installations with %j findings are the document's JSON, but for what only the screen needs",
  (counts) => {
    const report = finishReport(beginReport("archive", "1.0.0", false), counts.map(installation));
    const pieces = [...toJson(report)];
    const whole: unknown = JSON.parse(
      JSON.stringify(report, (name, value) => (["isTold", "sinceMs"].includes(name) ? undefined : value)),
    );
    expect(pieces.join("")).toBe(`${JSON.stringify(whole)}\n`);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThan(20_000);
  },
);
