import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { nameForPath } from "../../src/disk/name-for-path.ts";
import { reportSchema } from "../../src/report/schema.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  boundEntry,
  type Home,
  makeHome,
  sessionsFolder,
  snapshot,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { ago, payload, plantLock, startOwners } from "../support/locks.ts";

const HOUR = 3_600_000;
const STATUS = "status";

function home(version?: string): Home {
  const made = makeHome(version === undefined ? {} : { version });
  onTestFinished(made.remove);
  return made;
}

/** A bot with a session that is too large, one with a break, one without its entry, and a lock of a process that is gone. */
async function aBotInTrouble(): Promise<Home & { large: string; broken: string }> {
  const bot = home();
  const large = addClaudeSession(bot, { bytes: 2_300_000 });
  const broken = addClaudeSession(bot, { orphans: ["toolu_01StatusOrphan"] });
  const known = addOpenClawSession(bot);
  addOpenClawSession(bot, { idleMs: HOUR });
  writeRegistry(bot, {
    "agent:main:main": boundEntry(large.sessionId, { totalTokens: 42_000 }),
    "agent:main:telegram:direct:4915100000001": boundEntry(broken.sessionId),
    "agent:main:telegram:group:-100": { sessionId: known.sessionId, updatedAt: Date.now(), chatType: "group" },
  });
  const { gone } = await startOwners();
  plantLock(join(sessionsFolder(bot), "x.jsonl.lock"), payload({ pid: gone, createdAt: ago(HOUR) }));
  return { ...bot, large: large.sessionId, broken: broken.sessionId };
}

test("a healthy bot is told to be, off a terminal too, and exit is 0", async () => {
  const bot = home();
  const { sessionId } = addClaudeSession(bot);
  writeRegistry(bot, { "agent:main:main": boundEntry(sessionId) });
  const run = await keeper([STATUS, ...bot.args]);
  expect(run).toMatchObject({ status: 0, stderr: "" });
  expect(run.stdout).toMatch(/^HEALTHY {2}default: Claude Code and OpenClaw/);
  expect(run.stdout).toContain("1 session, ");
  expect(run.stdout).toMatch(/rotate +never ran/);
});

test("the verdict comes first, then what is wrong; the commands that it names mend all of it", async () => {
  const bot = await aBotInTrouble();
  const before = snapshot(bot.root);
  const first = await keeper([STATUS, ...bot.args]);
  expect(first.status).toBe(1);
  expect(first.stdout).toMatch(/^BROKEN {2}default: .*\n?.*1 error and \d warnings/);
  expect(snapshot(bot.root)).toEqual(before); // it only looks, and remembers nothing
  const commands = [...first.stdout.matchAll(/mend it: session-keeper (\S+(?: --repair)?)/g)].map(
    ([, one = ""]) => one,
  );
  expect(new Set(commands)).toEqual(
    new Set(["detect-corruption --repair", "rotate", "validate-registry --repair", "clean-locks"]),
  );
  for (const command of commands) expect((await keeper([...command.split(" "), ...bot.args])).status).toBe(0);
  const second = await keeperJson([STATUS, ...bot.args]);
  expect(second.installations[0]?.findings.filter(({ severity }) => severity !== "info")).toEqual([]);
  expect(second.status).toBe(0);
});

test("tells sessions against their limits, locks, registries, archives, the log and what each command did last", async () => {
  const bot = await aBotInTrouble();
  writeFileSync(
    bot.log,
    `${new Date(Date.now() - HOUR).toISOString()} [diagnostic] lane task error: error="FailoverError: session file locked (timeout 10000ms): pid=7 ${bot.openclaw}/x.jsonl.lock"\n`,
  );
  const first = await keeperJson([STATUS, ...bot.args]);
  reportSchema.parse(JSON.parse(JSON.stringify(withoutRun(first))));
  const status = first.installations[0]?.status;
  expect(status).toMatchObject({
    gateway: { state: "down" },
    sessions: { total: 4 },
    locks: { held: 0, stale: 1, undecidable: 0 },
    registries: [{ agent: "main", entries: 3, transcripts: 2, unregistered: 1 }],
    archives: { count: 0, bytes: 0 },
    log: { signatures: [{ kind: "lock-timeout-logged", lines: 1 }] },
    runs: { rotate: null, archive: null, "clean-locks": null },
  });
  expect(status?.sessions.fullest[0]).toMatchObject({
    sessionId: bot.large,
    sessionKey: "agent:main:main",
    owner: "bot",
    limitBytes: 2_000_000,
    tokens: { count: 42_000, warning: 150_000, critical: 200_000 },
  });
  await keeper(["rotate", ...bot.args]);
  await keeper(["clean-locks", ...bot.args]);
  await keeper(["clean-locks", ...bot.args]);
  await keeper(["restore", "verify", "--cron", ...bot.args]);
  const second = (await keeperJson([STATUS, ...bot.args])).installations[0]?.status;
  expect(second?.runs.rotate).toMatchObject({ failed: 0, changed: { did: { "repair-transcript": 1 } } });
  expect(second?.runs["clean-locks"]).toMatchObject({ open: 0, changed: { did: { "remove-lock": 1 } } });
  expect(second?.runs["clean-locks"]?.at).toBeGreaterThan(second?.runs["clean-locks"]?.changed?.at ?? 0);
  expect(second?.archives).toMatchObject({ count: 2, verified: { archives: 2, bad: 0 } });
});

test("trouble that a run saw before is told with how long it has been there", async () => {
  const bot = home();
  const { sessionId } = addOpenClawSession(bot, { bytes: 3000 });
  writeRegistry(bot, { "agent:main:main": { sessionId, updatedAt: Date.now(), totalTokens: 170_000 } });
  expect((await keeperJson([STATUS, ...bot.args])).installations[0]?.findings[0]).not.toHaveProperty("since");
  await keeper(["validate-registry", ...bot.args]);
  expect((await keeperJson([STATUS, ...bot.args])).installations[0]?.findings[0]?.since).toMatch(/^\d{4}-/);
  expect((await keeper([STATUS, ...bot.args])).stdout).toMatch(/agent:main:main, for \d/);
});

test("sizes over time come from what runs remembered, and tell when a session is full", async () => {
  const bot = home();
  const { sessionId } = addClaudeSession(bot, { bytes: 1_000_000 });
  writeRegistry(bot, { "agent:main:main": boundEntry(sessionId) });
  await keeper(["rotate", ...bot.args]);
  const folder = join(bot.state, "installations");
  const name = readdirSync(folder).find((one) => one.endsWith(".history.jsonl")) ?? "";
  expect(name).toContain(nameForPath([bot.openclaw, bot.claude].sort().join("\0")));
  const { bytes = 0 } = (await keeperJson([STATUS, ...bot.args])).installations[0]?.status?.sessions.fullest[0] ?? {};
  const day = (days: number, size: number) =>
    `${JSON.stringify({ at: Date.now() - days * 24 * HOUR, sessions: { [sessionId]: [size] } })}\n`;
  writeFileSync(
    join(folder, name),
    day(3, 1_900_000) + day(2, bytes - 200_000) + day(1, bytes - 100_000) + day(0, bytes),
  );
  const told = (await keeperJson([STATUS, ...bot.args])).installations[0]?.status?.sessions.fullest[0];
  expect(told?.history).toHaveLength(4);
  expect(told?.bytesPerDay).toBeGreaterThan(99_000);
  expect(told?.bytesPerDay).toBeLessThan(101_000);
  const fullInDays = (Date.parse(told?.reachesLimitAt ?? "") - Date.now()) / (24 * HOUR);
  expect(fullInDays).toBeCloseTo((2_000_000 - bytes) / 100_000, 1);
  expect((await keeper([STATUS, ...bot.args])).stdout).not.toContain("grows by"); // not soon
  expect((await keeper([STATUS, ...bot.args, "--verbose"])).stdout).toContain("grows by 100 KB a day: full in ");
});

test("a history that cannot be written is a gap in a chart: the run goes on, and so does the next", async () => {
  const bot = home();
  const { sessionId } = addClaudeSession(bot, { bytes: 50_000 });
  writeRegistry(bot, { "agent:main:main": boundEntry(sessionId) });
  expect(await keeper(["rotate", ...bot.args])).toMatchObject({ status: 0, stderr: "" });
  const folder = join(bot.state, "installations");
  const name = readdirSync(folder).find((one) => one.endsWith(".history.jsonl")) ?? "";
  rmSync(join(folder, name));
  mkdirSync(join(folder, name));
  const statePath = join(folder, name.replace(/\.history\.jsonl$/, ".json"));
  const { sampledAt, ...state } = JSON.parse(readFileSync(statePath, "utf8"));
  writeFileSync(statePath, JSON.stringify({ ...state, sampledAt: sampledAt - 2 * HOUR }));
  expect(await keeper(["rotate", ...bot.args])).toMatchObject({ status: 0, stderr: "" });
  expect(await keeper([STATUS, ...bot.args])).toMatchObject({ status: 0, stderr: "" });
});

test("the page needs nothing else, holds no markup of a session's name, and is written for its owner only", async () => {
  const bot = await aBotInTrouble();
  const { sessionId } = addClaudeSession(bot, { bytes: 50_000 });
  writeRegistry(bot, { "agent:main:<script>alert(1)</script>": boundEntry(sessionId) }, "odd");
  const page = join(bot.root, "status.html");
  expect((await keeper([STATUS, ...bot.args, "--html", page, "--dry-run"])).status).toBe(1);
  expect(readdirSync(bot.root)).not.toContain("status.html");
  expect((await keeper([STATUS, ...bot.args, "--html", page])).status).toBe(1);
  const text = readFileSync(page, "utf8");
  expect(text).toMatch(/^<!doctype html>/);
  expect(text).not.toMatch(/<script|https?:|url\(|@import|<link|<img/i);
  expect(text).toContain("&lt;script&gt;");
  expect(text).toContain('<span class="verdict broken">broken</span>');
  expect(statSync(page).mode & 0o777).toBe(0o600);
});

test("a page of ours is replaced, another file is not", async () => {
  const bot = home();
  const page = join(bot.root, "status.html");
  for (let round = 0; round < 2; round += 1)
    expect((await keeper([STATUS, ...bot.args, "--html", page])).status).toBe(0);
  writeFileSync(page, "a page of somebody else");
  const refused = await keeper([STATUS, ...bot.args, "--html", page]);
  expect(refused.status).toBe(3);
  expect(refused.stderr).toContain("is there already");
  expect(readFileSync(page, "utf8")).toBe("a page of somebody else");
  expect((await keeper([STATUS, ...bot.args, "--html", page, "--yes"])).status).toBe(0);
  const inHome = join(dirname(sessionsFolder(bot)), "status.html");
  writeFileSync(inHome, "mine");
  expect((await keeper([STATUS, ...bot.args, "--html", inHome, "--yes"])).status).toBe(3);
});

test("one installation that cannot be looked up does not hide the others", async () => {
  const [bot, state] = [home(), join(home().root, "state")];
  const file = join(bot.root, "config.json5");
  mkdirSync(join(bot.root, "empty"));
  writeFileSync(
    file,
    JSON.stringify({
      installations: {
        good: { openclaw: { home: bot.openclaw }, claude: { home: bot.claude }, gateway: { logs: [bot.log] } },
        gone: { openclaw: { home: join(bot.root, "nowhere") }, claude: false },
      },
    }),
  );
  const run = await keeper([STATUS, "--config", file, "--state-dir", state]);
  expect(run.status).toBe(3);
  expect(run.stdout).toContain("HEALTHY  good:");
  expect(run.stdout).toMatch(/^FAILED {2}gone$/m);
  expect(run.stdout).toContain("does not exist");
});

test("where OpenClaw keeps its sessions in SQLite, status looks and says so", async () => {
  const bot = home("2026.8.1");
  const { sessionId } = addClaudeSession(bot);
  const before = snapshot(bot.root);
  const report = await keeperJson([STATUS, ...bot.args]);
  expect(report.installations[0]).toMatchObject({ era: "S", status: { sessions: { total: 1 } } });
  expect(report.installations[0]?.status?.sessions.fullest[0]?.sessionId).toBe(sessionId);
  expect(snapshot(bot.root)).toEqual(before);
});

function withoutRun({ status: _, stderr: __, ...report }: Awaited<ReturnType<typeof keeperJson>>) {
  return report;
}
