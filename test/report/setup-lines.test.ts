import { expect, test } from "vitest";
import { reportCheck } from "../../src/report/check-wording.ts";
import { beginReport, finishReport, type ReportedCheck } from "../../src/report/document.ts";
import { setupLines } from "../../src/report/setup-lines.ts";
import { fold } from "../../src/report/wrap.ts";
import { linesOf } from "../../src/setup/check.ts";

const cron = linesOf("cron");
const checks = [
  cron("cron-runs", "ok", { pid: 7 }),
  cron("lines-missing", "warning"),
  cron("cron-missing", "error"),
].map(reportCheck);
const plain = (_: unknown, text: string) => text;
const report = (of: ReportedCheck[], text?: string) =>
  finishReport(beginReport("setup", "1", false, "check"), [], undefined, { checks: of, ...(text ? { text } : {}) });
const lines = (width: number, quiet = false) => setupLines(report(checks), () => "", { width, quiet }, plain);
const isOnePiece = (line: string) => /^ *(?:-> )?session-keeper [a-z -]+$/.test(line); // to be copied

test.for([80, 60, 40])("no line is wider than %i columns", (width) => {
  expect(lines(width).filter((line) => line.length > width && !isOnePiece(line))).toEqual([]);
});

test("each line stands in its group with its remedy below, and a verdict at the end", () => {
  expect(lines(80)).toEqual([
    "this machine",
    "  cron",
    "    ok       the cron daemon runs (process 7)",
    "    warning  nothing starts session-keeper: there is no line in a crontab and no",
    "             timer",
    "             -> session-keeper setup cron --install",
    "    error    there is no cron daemon on this machine, so nothing runs by itself",
    "             -> as root: apt-get install cron. Or:",
    "                session-keeper setup systemd --install",
    "",
    "1 error, 1 warning",
  ]);
});

test("quiet leaves what is well, and the verdict", () => {
  expect(lines(80, true).join("\n")).not.toMatch(/ok |1 error/);
});

test("without anything wrong it is ready", () => {
  const well = [cron("cron-runs", "ok", { pid: 7 }), cron("line-talks", "advice", { command: "a", where: "b" })];
  const told = setupLines(report(well.map(reportCheck)), () => "", { width: 80, quiet: false }, plain);
  expect(told.at(-1)).toBe("ready: nothing is in the way; 1 piece of advice");
});

test("what is asked to be printed is printed as it is, quiet or not", () => {
  const text = `${"x ".repeat(100)}\n\n  y\n`;
  for (const quiet of [true, false])
    expect(
      setupLines(report([], text), () => "", { width: 40, quiet }, plain).flatMap((line) => fold(line, 40)),
    ).toEqual([text.slice(0, -1)]);
});
