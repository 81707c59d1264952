import { expect, test } from "vitest";
import { parseCrontab } from "../../src/setup/crontab.ts";
import { ownJobsIn } from "../../src/setup/own-jobs.ts";
import { checkTiming } from "../../src/setup/timing-checks.ts";
import { saidBy } from "../support/checks.ts";

const check = (...lines: string[]) => checkTiming(ownJobsIn(parseCrontab(lines.join("\n"), "mine", false)));

test.for([
  { line: "*/15 * * * * session-keeper rotate", said: [] },
  { line: "*/20 * * * * session-keeper rotate", said: ["runs-seldom advice"] },
  { line: "* * * * 1 session-keeper rotate", said: ["runs-seldom advice"] },
  { line: "* * * * * session-keeper rotate", said: [] },
  { line: "0 0 * * * session-keeper archive", said: [] },
  { line: "*/5 * * * * session-keeper archive", said: ["runs-often advice"] },
  { line: "@reboot session-keeper archive", said: ["schedule-unknown warning"] },
])("$line", ({ line, said }) => {
  expect(saidBy(check(line))).toEqual(said);
});

test("two that begin in the same minute are told, with the first such minute of the day", () => {
  const checks = check("3-59/5 * * * * session-keeper rotate", "23 */6 * * * session-keeper archive");
  expect(checks).toMatchObject([{ kind: "same-minute", evidence: { commands: ["rotate", "archive"], at: "0:23" } }]);
});
