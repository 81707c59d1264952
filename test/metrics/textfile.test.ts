import { expect, test } from "vitest";
import { FAMILIES } from "../../src/metrics/families.ts";
import { type Figures, NO_FIGURES } from "../../src/metrics/figures.ts";
import { renderTextfile } from "../../src/metrics/textfile.ts";
import { hasPromtool, promtool } from "../support/promtool.ts";

const NAME = 'a "strange\\ name\n';

/** Something of everything. */
const figures: Figures = {
  commands: {
    rotate: {
      ...{ lastRun: 1_700_000_000.5, lastSuccess: 1_700_000_000, durationSeconds: 0.25, exitCode: 1 },
      installations: { [NAME]: { isFailed: false, findings: { "torn-tail error": 2 } } },
    },
  },
  installations: {
    [NAME]: {
      transcripts: { openclaw: { count: 1, bytes: 2, largest: 3 } },
      archives: { "claude-code": { count: 4, bytes: 5_000_000_000 } },
      staleLocks: 0,
    },
  },
  totals: { [NAME]: { restarts: 1, archivedBytes: 2, actions: { "notify done": 3 }, resolved: { "torn-tail": 4 } } },
};
const text = renderTextfile({ figures, version: "1.2.3", undelivered: 0 });

test("every metric is there, with its help and type before its values, and names in which anything may stand", () => {
  for (const { name, type, help } of FAMILIES)
    expect(text).toContain(`# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name}`);
  expect(text).toContain(
    'session_keeper_findings{installation="a \\"strange\\\\ name\\n",command="rotate",kind="torn-tail",severity="error"} 2\n',
  );
  expect(text).toContain("session_keeper_undelivered_alerts 0\n");
  expect(text).toContain('session_keeper_build_info{version="1.2.3"} 1\n');
});

test("what there are no values of yet is left out", () => {
  const first = renderTextfile({ figures: NO_FIGURES, version: "1.2.3", undelivered: 1 });
  expect(first.match(/^# TYPE/gm)).toHaveLength(2);
});

test.skipIf(!hasPromtool)("Prometheus's own checker has nothing to say about it", () => {
  expect(promtool(["check", "metrics"], text)).toEqual({ status: 0, said: "" });
  expect(promtool(["check", "metrics"], text.replace("_total counter", "_total gauge")).status).not.toBe(0);
});
