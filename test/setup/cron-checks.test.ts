import { expect, test } from "vitest";
import { checkCron } from "../../src/setup/cron-checks.ts";
import type { CronFacts } from "../../src/setup/cron-facts.ts";
import { parseCrontab } from "../../src/setup/crontab.ts";
import { COMMANDS, ownJobsIn } from "../../src/setup/own-jobs.ts";
import type { Timer } from "../../src/setup/timers.ts";
import { saidBy } from "../support/checks.ts";

const facts: CronFacts = {
  user: "jarvis",
  crontab: { state: "none", text: "" },
  jobs: [],
  timers: [],
  daemon: { program: "/usr/sbin/cron", pid: 7, isPidFileStale: false },
  hasMailer: false,
};
const all = COMMANDS.map((command, minute) => `${minute} * * * * session-keeper ${command} --cron`).join("\n");
const own = (text: string) => ownJobsIn(parseCrontab(text, "jarvis's crontab", false));
const said = (over: Partial<CronFacts>, text = all) => saidBy(checkCron({ ...facts, ...over }, own(text), []));

test("a daemon that runs and a line for each command are well", () => {
  expect(said({})).toEqual(["cron-runs ok", "lines-found ok"]);
});

test.for([
  { daemon: { isPidFileStale: false }, kind: "cron-missing error" },
  { daemon: { program: "/usr/sbin/cron", isPidFileStale: true }, kind: "cron-stopped error" },
])("without a daemon nothing runs: $kind", ({ daemon, kind }) => {
  expect(said({ daemon })).toContain(kind);
});

test("where timers start everything, a daemon is not missed", () => {
  const timers = COMMANDS.map(
    (command): Timer => ({ path: `/u/${command}.timer`, scope: "user", command, isEnabled: true }),
  );
  expect(said({ timers, daemon: { isPidFileStale: false } }, "")).toEqual(["lines-found ok"]);
  const asleep = timers.map((timer) => ({ ...timer, isEnabled: false }));
  expect(said({ timers: asleep }, "")).toEqual([
    "cron-runs ok",
    ...COMMANDS.map(() => "timer-disabled warning"),
    "lines-missing warning",
  ]);
});

test("no line at all, and a line that is missing: rotate is what matters", () => {
  expect(said({}, "")).toEqual(["cron-runs ok", "lines-missing warning"]);
  expect(said({}, all.replace("session-keeper rotate", "true"))).toContain("command-missing warning");
  expect(said({}, all.replace("session-keeper archive", "true"))).toContain("command-missing advice");
});

test("the same command twice is told, with other options it is another", () => {
  expect(said({}, `${all}\n9 * * * * session-keeper rotate --cron`)).toContain("command-twice warning");
  expect(said({}, `${all}\n9 * * * * session-keeper rotate --cron -i john`)).not.toContain("command-twice warning");
  const timer: Timer = { path: "/u/r.timer", scope: "user", command: "rotate", isEnabled: true };
  expect(said({ timers: [timer] })).toContain("command-twice warning");
});

test("a line without --cron, another keeper, and a crontab that is refused are told", () => {
  expect(said({}, all.replace("rotate --cron", "rotate"))).toContain("line-talks advice");
  expect(said({ crontab: { state: "refused", says: "not allowed" } })).toContain("crontab-refused warning");
  const [job] = parseCrontab("* * * * * rotate-session.sh", "jarvis's crontab", false);
  if (!job) throw new Error("no job");
  const [other] = checkCron(facts, own(all), [{ job, what: "rotate-session.sh" }]).slice(-1);
  expect(other).toMatchObject({ kind: "other-keeper", evidence: { where: "line 1 of jarvis's crontab" } });
});
