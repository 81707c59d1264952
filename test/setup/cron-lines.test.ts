import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { cronLines } from "../../src/setup/cron-lines.ts";
import { parseCrontab } from "../../src/setup/crontab.ts";
import { COMMANDS, ownJobsIn } from "../../src/setup/own-jobs.ts";
import { checkTiming } from "../../src/setup/timing-checks.ts";

const call = { program: "session-keeper", folders: ["/opt/node/bin"], variables: "", places: "" };
const jobsOf = (lines: readonly string[]) => ownJobsIn(parseCrontab(lines.join("\n"), "crontab", false));

test("each command runs, with --cron, often enough, and no two begin in the same minute", () => {
  const own = jobsOf(cronLines(call, "", false));
  expect(own.map(({ command }) => command).sort()).toEqual([...COMMANDS].sort());
  expect(own.every(({ options }) => options.includes("--cron"))).toBe(true);
  expect(checkTiming(own).map(({ kind }) => kind)).toEqual(["minutes-apart"]);
});

test("the search path holds our folders first, then what held before, each once", () => {
  expect(cronLines(call, "/x:/usr/bin", false)).toContain("PATH=/opt/node/bin:/x:/usr/bin:/usr/local/bin:/bin");
});

test("variables and places go along, and a percent sign is only itself", () => {
  const [own] = jobsOf(cronLines({ ...call, variables: "A=1% ", places: " --state-dir '/s t'" }, "", true));
  expect(own?.job.command).toBe("A=1% session-keeper rotate --cron --state-dir '/s t'");
});

test("crontab.example has the same lines", () => {
  const example = readFileSync(join(import.meta.dirname, "..", "..", "crontab.example"), "utf8").split("\n");
  const wanted = cronLines(call, "", false).filter((line) => /^\d/.test(line));
  expect(example).toEqual(expect.arrayContaining(wanted));
  expect(jobsOf(example).length).toBe(wanted.length);
});
