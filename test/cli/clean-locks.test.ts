import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { uptime } from "node:os";
import { basename, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { draftPathFor } from "../../src/disk/left-behind.ts";
import { allFiles } from "../crash/scene.ts";
import { configure } from "../support/configure.ts";
import { addOpenClawSession, type Home, makeHome, sessionsFolder, snapshot, writeRegistry } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { ago, payload, plantLock, probeCases, startOwners } from "../support/locks.ts";

const HOUR = 3_600_000;
const CLEAN = "clean-locks";

function home(version = "2026.2.9"): Home {
  const made = makeHome({ version });
  onTestFinished(made.remove);
  writeRegistry(made, {});
  return made;
}

/** A home with a lock of a process that is gone, one of a process that lives, and nothing else of note. */
async function aHomeWithLocks(version?: string): Promise<Home & { stale: string; held: string }> {
  const owners = await startOwners();
  const made = home(version);
  const [stale, held] = ["stale", "held"].map((name) => join(sessionsFolder(made), `${name}.jsonl.lock`)) as [
    string,
    string,
  ];
  plantLock(stale, payload({ pid: owners.gone, createdAt: ago(0) }));
  plantLock(held, payload({ pid: owners.plain, createdAt: ago(0) }));
  return { ...made, stale, held };
}

test.for(["2026.2.9", "2026.4.15", "2026.5.2", "2026.7.35"])(
  "with OpenClaw %s, locks go whose owner is proven gone, of transcripts and of registries, and no others",
  async (version) => {
    const owners = await startOwners();
    const bot = home(version);
    const kept: string[] = [];
    for (const [index, { plant, state }] of Object.values(probeCases).entries()) {
      const folder = sessionsFolder(bot, `agent${index}`);
      mkdirSync(folder, { recursive: true });
      for (const name of ["s1.jsonl.lock", "sessions.json.lock"]) {
        plant(join(folder, name), owners);
        if (state === "held" || state === "undecidable") kept.push(join(folder, name));
      }
    }
    const locks = () =>
      allFiles(bot.openclaw)
        .filter((name) => name.includes(".lock"))
        .map((name) => join(bot.openclaw, name));
    const planned = locks().length - kept.length;
    const dry = await keeperJson([CLEAN, "--dry-run", ...bot.args]);
    expect(dry.summary).toMatchObject({ actions: planned, done: 0 });
    const report = await keeperJson([CLEAN, ...bot.args]);
    expect(report).toMatchObject({ status: 1, summary: { actions: planned, done: planned } });
    expect(locks().sort()).toEqual(kept.sort());
    const { findings = [] } = report.installations[0] ?? {};
    expect(findings.filter(({ kind }) => kind === "stale-lock").every(({ resolved }) => resolved)).toBe(true);
    expect(new Set(findings.filter(({ resolved }) => !resolved).map(({ path }) => path))).toEqual(new Set(kept));
  },
);

test("a run says what it removed and whose the others are, and leaves a journal of it", async () => {
  const bot = await aHomeWithLocks();
  const report = await keeperJson([CLEAN, ...bot.args]);
  expect(report.status).toBe(0);
  expect(report.installations[0]?.actions).toMatchObject([
    { kind: "remove-lock", path: bot.stale, because: ["stale-lock"], result: "done" },
  ]);
  expect(report.installations[0]?.findings).toMatchObject([
    { kind: "held-lock", severity: "info", resolved: false, path: bot.held },
    { kind: "stale-lock", severity: "warning", resolved: true, path: bot.stale },
  ]);
  expect(existsSync(bot.held)).toBe(true);
  const journal = readFileSync(join(bot.state, "journal.jsonl"), "utf8").trim().split("\n");
  expect(journal.map((line) => JSON.parse(line)).find(({ event }) => event === "end")).toMatchObject({
    kind: "remove-lock",
    result: "done",
    path: bot.stale,
  });
});

test("away from a terminal it is silent when there is nothing but locks that are held", async () => {
  const bot = await aHomeWithLocks();
  expect((await keeper([CLEAN, ...bot.args])).stdout).toContain("removed the lock");
  expect(await keeper([CLEAN, ...bot.args])).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(await keeper([CLEAN, "--cron", ...bot.args])).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect((await keeper([CLEAN, "-v", ...bot.args])).stdout).toMatch(/held by process \d+ \(node\) for/);
});

test("a hung turn is told once to a crontab, with what to do next, and its lock stays", async ({ skip }) => {
  skip(uptime() < 3700, "a lock of an hour ago is older than this machine's start");
  const owners = await startOwners();
  const bot = home();
  const path = join(sessionsFolder(bot), "hung.jsonl.lock");
  const starttime = Number(
    readFileSync(`/proc/${owners.plain}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19],
  );
  plantLock(path, payload({ pid: owners.plain, createdAt: ago(HOUR), starttime }), HOUR);
  const first = await keeper([CLEAN, "--cron", ...bot.args]);
  expect(first.status).toBe(1);
  expect(first.stdout).toMatch(/for 1h.*longer than the 30m .*hang/);
  expect(first.stdout).toContain("openclaw gateway restart");
  expect(await keeper([CLEAN, "--cron", ...bot.args])).toMatchObject({ status: 1, stdout: "" });
  expect(existsSync(path)).toBe(true);
});

test("an emergency takes every lock, but needs a yes, keeps other names, and keeps directories with something in them", async () => {
  const bot = await aHomeWithLocks();
  const folder = sessionsFolder(bot);
  const full = join(folder, "full.jsonl.lock");
  mkdirSync(join(full, "x"), { recursive: true });
  const fresh = join(folder, "sessions.json.lock");
  plantLock(fresh, "");
  const other = join(folder, "a.jsonl.lock.123.tmp");
  writeFileSync(other, "");
  const before = snapshot(bot.openclaw);
  const refused = await keeper([CLEAN, "--force", ...bot.args]);
  expect(refused).toMatchObject({ status: 2, stdout: "" });
  expect(refused.stderr).toContain("--yes");
  expect((await keeper([CLEAN, "--force", "--dry-run", ...bot.args])).status).toBe(1);
  expect(snapshot(bot.openclaw)).toEqual(before);
  expect((await keeper([CLEAN, "--force", "--yes", ...bot.args])).status).toBe(1);
  expect(readdirSync(folder).sort()).toEqual([basename(other), basename(full), "sessions.json"].sort());
});

test("where sessions are in SQLite nothing is written, not even with --force; Claude Code's own lock is looked after", async () => {
  const bot = await aHomeWithLocks("2026.8.1");
  const history = join(bot.claude, "history.jsonl.lock");
  plantLock(history, undefined, HOUR);
  const before = snapshot(bot.openclaw);
  const report = await keeperJson([CLEAN, "--force", "--yes", ...bot.args]);
  expect(report.status).toBe(0);
  expect(snapshot(bot.openclaw)).toEqual(before);
  expect(existsSync(history)).toBe(false);
  expect(new Set(report.installations[0]?.spared.map(({ because }) => because))).toEqual(new Set(["sqlite-era"]));
});

test("while the clock is not to be trusted, age proves nothing, and the run after that one goes on", async () => {
  const bot = await aHomeWithLocks();
  const empty = join(sessionsFolder(bot), "empty.jsonl.lock");
  plantLock(empty, "", HOUR);
  await keeper([CLEAN, "--dry-run", ...bot.args]);
  expect((await keeper(["rotate", ...bot.args])).status).toBe(0);
  const [state = ""] = readdirSync(join(bot.state, "installations")).filter((name) => !name.includes("structure"));
  const file = join(bot.state, "installations", state);
  const remembered = JSON.parse(readFileSync(file, "utf8"));
  remembered.clocks.wallMs -= 3 * HOUR;
  writeFileSync(file, JSON.stringify(remembered));
  const braked = await keeperJson([CLEAN, ...bot.args]);
  expect(braked.status).toBe(1);
  expect(braked.installations[0]?.spared).toMatchObject([{ because: "clock-stepped", path: empty }]);
  expect([existsSync(empty), existsSync(bot.stale)]).toEqual([true, false]);
  expect((await keeper([CLEAN, ...bot.args])).status).toBe(0);
  expect(existsSync(empty)).toBe(false);
});

test("what a killed run had captured is cleared away by the next one", async () => {
  const bot = home();
  const left = draftPathFor(join(sessionsFolder(bot), "a.jsonl.lock"));
  const ofHistory = draftPathFor(join(bot.claude, "history.jsonl.lock"));
  writeFileSync(left, "{}");
  mkdirSync(ofHistory);
  expect((await keeper([CLEAN, ...bot.args])).status).toBe(0);
  expect([existsSync(left), existsSync(ofHistory)]).toEqual([false, false]);
});

test("two installations that share a Claude Code home tell of its lock once", async () => {
  const [first, second] = [home(), home()];
  plantLock(join(first.claude, "history.jsonl.lock"), undefined, HOUR);
  configure(first);
  const file = join(first.root, "etc", "config.json5");
  const installations = {
    one: { openclaw: { home: first.openclaw }, claude: { home: first.claude } },
    two: { openclaw: { home: second.openclaw }, claude: { home: first.claude } },
  };
  writeFileSync(file, JSON.stringify({ installations }));
  const report = await keeperJson([CLEAN, "--config", file, "--state-dir", first.state]);
  expect(report.installations.map(({ actions }) => actions.length)).toEqual([1, 0]);
});

test.skipIf(process.geteuid?.() !== 0)(
  "as root it works as the owner, to whom a lock that he may not read proves nothing",
  async () => {
    const owner = 12345;
    const bot = await aHomeWithLocks();
    for (const name of ["", ...allFiles(bot.root)]) chownSync(join(bot.root, name), owner, owner);
    const sealed = join(sessionsFolder(bot), "sealed.jsonl.lock");
    plantLock(sealed, payload({ pid: 1, createdAt: ago(HOUR) }), HOUR);
    writeFileSync(sealed, readFileSync(sealed), { mode: 0o600 });
    chownSync(sealed, 0, 0);
    (await import("node:fs")).chmodSync(sealed, 0o600);
    const report = await keeperJson([CLEAN, ...bot.args]);
    expect(report.installations[0]?.failure).toBeUndefined();
    const told = Object.fromEntries((report.installations[0]?.findings ?? []).map(({ path, kind }) => [path, kind]));
    expect(told).toEqual({ [sealed]: "undecidable-lock", [bot.stale]: "stale-lock", [bot.held]: "held-lock" });
    expect([existsSync(bot.stale), existsSync(sealed)]).toEqual([false, true]);
    expect(statSync(join(bot.state, "journal.jsonl")).uid).toBe(owner);
  },
);

test("a hundred thousand files are no work: no transcript is looked at", async () => {
  const bot = await aHomeWithLocks();
  addOpenClawSession(bot);
  for (let index = 0; index < 100_000; index += 1) writeFileSync(join(sessionsFolder(bot), `s-${index}.jsonl`), "");
  expect((await keeper([CLEAN, ...bot.args])).status).toBe(0);
  const times: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const begun = performance.now();
    expect(await keeper([CLEAN, "--cron", ...bot.args])).toMatchObject({ status: 0, stdout: "" });
    times.push(performance.now() - begun);
  }
  expect(Math.min(...times)).toBeLessThan(1000);
}, 60_000);
