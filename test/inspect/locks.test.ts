import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { addOpenClawSession, type Home, makeHome, sessionsFolder, writeRegistry } from "../support/home.ts";
import { ago, payload, plantLock, probeCases, type State, seeLocks, startOwners, statesOf } from "../support/locks.ts";

const HOUR = 3_600_000;

function home(version = "2026.2.9"): Home {
  const made = makeHome({ version });
  onTestFinished(made.remove);
  return made;
}

test.for([
  ["F1", "2026.2.9"],
  ["F2", "2026.4.15"],
  ["F3a", "2026.5.2"],
  ["F3b", "2026.7.35"],
  ["S", "2026.8.1"],
] as const)("in era %s each lock that the packages were asked about is judged by its owner", async ([, version]) => {
  const owners = await startOwners();
  const bot = home(version);
  const expected: Record<string, State> = {};
  for (const [index, { plant, state }] of Object.values(probeCases).entries()) {
    const folder = sessionsFolder(bot, `agent${index}`);
    mkdirSync(folder, { recursive: true });
    for (const name of ["s1.jsonl.lock", "sessions.json.lock"]) {
      const path = join(folder, name);
      plant(path, owners);
      if (state !== "none") expected[path] = state;
    }
  }
  expect(Object.keys(probeCases)).toHaveLength(17);
  const facts = await seeLocks(bot);
  expect(statesOf(facts)).toEqual(expected);
  const severities = new Set(facts.locks.map(({ finding }) => finding.severity));
  expect(severities).toEqual(new Set(version === "2026.8.1" ? ["info"] : ["info", "warning"]));
});

test("of a lock that is held it is told by whom, since when, and whether that is too long", async () => {
  const { posed } = await startOwners();
  const bot = home("2026.7.35");
  const folder = sessionsFolder(bot);
  const held = (agoMs: number) =>
    payload({ pid: posed, createdAt: ago(agoMs), maxHoldMs: 300_000, starttime: ticks(posed) });
  plantLock(join(folder, "fine.jsonl.lock"), held(240_000));
  plantLock(join(folder, "hung.jsonl.lock"), held(360_000));
  plantLock(join(folder, "sessions.json.lock"), held(31_000));
  const { findings } = await seeLocks(bot);
  const told = Object.fromEntries(findings.map((finding) => [finding.path?.slice(folder.length + 1), finding]));
  expect(told["fine.jsonl.lock"]).toMatchObject({ kind: "held-lock", severity: "info" });
  expect(told["sessions.json.lock"]).toMatchObject({ severity: "warning", evidence: { limitMs: 30_000 } });
  expect(told["hung.jsonl.lock"]).toMatchObject({
    kind: "held-lock",
    severity: "warning",
    agent: "main",
    evidence: { guards: "transcript", pid: posed, program: "node", limitMs: 300_000, isOverdue: true },
  });
  expect(Number(told["hung.jsonl.lock"]?.evidence.ageMs)).toBeGreaterThanOrEqual(360_000);
  expect(Date.parse(String(told["hung.jsonl.lock"]?.evidence.ownerStartedAt))).toBeGreaterThan(Date.now() - HOUR);
});

test("nothing of what a lock holds is told but its owner and its times", async () => {
  const bot = home();
  plantLock(join(sessionsFolder(bot), "a.jsonl.lock"), "my secret", HOUR);
  plantLock(join(sessionsFolder(bot), "b.jsonl.lock"), payload({ pid: 1, createdAt: ago(0), note: "my secret" }));
  const { findings } = await seeLocks(bot);
  expect(findings).toHaveLength(2);
  expect(JSON.stringify(findings)).not.toContain("secret");
});

test("a payload that is still being written is looked at again", async () => {
  const { plain } = await startOwners();
  const bot = home();
  const path = join(sessionsFolder(bot), "a.jsonl.lock");
  plantLock(path, "");
  setTimeout(() => writeFileSync(path, payload({ pid: plain, createdAt: ago(0) })), 40);
  expect(statesOf(await seeLocks(bot))).toEqual({ [path]: "held" });
});

test("in Claude Code's home a new lock directory is its own way to write the history, an old one was left behind", async () => {
  const bot = home();
  const path = join(bot.claude, "history.jsonl.lock");
  plantLock(path, undefined);
  expect((await seeLocks(bot)).findings).toMatchObject([{ kind: "held-lock", severity: "info" }]);
  spawnSync("touch", ["-d", "1 minute ago", path]);
  expect((await seeLocks(bot)).findings).toMatchObject([{ kind: "lock-directory", severity: "warning" }]);
});

test("what is no lock that anybody could have made is left to a person", async () => {
  const bot = home();
  const folder = sessionsFolder(bot);
  plantLock(join(folder, "large.jsonl.lock"), "x".repeat(70_000), HOUR);
  symlinkSync("/etc/hostname", join(folder, "link.jsonl.lock"));
  spawnSync("mkfifo", [join(folder, "pipe.jsonl.lock")]);
  mkdirSync(join(folder, "full.jsonl.lock", "inside"), { recursive: true });
  expect(new Set(Object.values(statesOf(await seeLocks(bot))))).toEqual(new Set(["undecidable"]));
});

test("pid numbers out of this world name nobody", async () => {
  const bot = home();
  const path = join(sessionsFolder(bot), "a.jsonl.lock");
  plantLock(path, payload({ pid: 99_999_999_999, createdAt: ago(HOUR) }), HOUR);
  expect(statesOf(await seeLocks(bot))).toEqual({ [path]: "stale" });
});

test("where pids are foreign, neither a living nor a dead one counts, until no turn can last so long", async () => {
  const { plain, gone } = await startOwners();
  const bot = home();
  const folder = sessionsFolder(bot);
  const states: Record<string, State> = {};
  const plant = (name: string, text: string, ageMs: number, state: State) => {
    const path = join(folder, `${name}.jsonl.lock`);
    plantLock(path, text, ageMs);
    states[path] = state;
  };
  plant("dead-young", payload({ pid: gone, createdAt: ago(HOUR / 3) }), HOUR / 3, "undecidable");
  plant("dead-old", payload({ pid: gone, createdAt: ago(HOUR) }), HOUR, "stale");
  plant("alive-old", payload({ pid: plain, createdAt: ago(HOUR) }), HOUR, "stale");
  plant("long-turn", payload({ pid: gone, createdAt: ago(HOUR), maxHoldMs: 2 * HOUR }), HOUR, "undecidable");
  plant("empty-young", "", HOUR / 3, "undecidable");
  expect(statesOf(await seeLocks(bot, true))).toEqual(states);
});

test("a transcript in the home of a user that is not of this host shows a container, one in a home that was moved does not", async () => {
  const { gone } = await startOwners();
  const bot = home();
  const path = join(sessionsFolder(bot), "a.jsonl.lock");
  plantLock(path, payload({ pid: gone, createdAt: ago(HOUR / 3) }), HOUR / 3);
  const entry = (folder: string) => ({
    sessionId: "a",
    updatedAt: 1,
    sessionFile: `${folder}/agents/main/sessions/a.jsonl`,
  });
  writeRegistry(bot, { "agent:main:main": entry(join(bot.root, ".clawdbot")) });
  expect((await seeLocks(bot)).foreignPids).toBe(false);
  writeRegistry(bot, { "agent:main:main": entry("/home/of-a-container/.openclaw") });
  expect((await seeLocks(bot)).foreignPids).toBe(true);
  expect(statesOf(await seeLocks(bot))).toEqual({ [path]: "undecidable" });
});

test("a lock that goes by its age stays while a process has it open, or writes to its transcript", async () => {
  const { gone } = await startOwners();
  const bot = home();
  const { path: transcript } = addOpenClawSession(bot);
  const [open, guarding, nobodys] = [
    join(sessionsFolder(bot), "open.jsonl.lock"),
    `${transcript}.lock`,
    join(sessionsFolder(bot), "nobodys.jsonl.lock"),
  ];
  for (const path of [open, guarding, nobodys]) plantLock(path, payload({ pid: gone, createdAt: ago(HOUR) }), HOUR);
  const holder = spawn("sh", ["-c", 'exec 3<"$0" 4>>"$1"; sleep 60 & wait', open, transcript], {
    stdio: "ignore",
    detached: true,
  });
  onTestFinished(() => void process.kill(-(holder.pid ?? 0), "SIGKILL"));
  await sleep(200);
  expect(statesOf(await seeLocks(bot, true))).toEqual({
    [open]: "undecidable",
    [guarding]: "undecidable",
    [nobodys]: "stale",
  });
});

test("the owner in a container that the host can see is known by its number in there", async ({ skip }) => {
  const bot = home();
  const folder = sessionsFolder(bot);
  const [held, recycled] = [join(folder, "held.jsonl.lock"), join(folder, "recycled.jsonl.lock")];
  const ready = join(bot.root, "ready");
  // a pid namespace of its own, with the home mounted, and in it a process that takes a lock as an old gateway would
  const inside = `mount --bind "$1" "$1" && "$2" -e '
    const fs = require("node:fs");
    const starttime = Number(fs.readFileSync("/proc/self/stat", "utf8").replace(/^.*\\) /s, "").split(" ")[19]);
    const text = JSON.stringify({ pid: process.pid, createdAt: new Date(Date.now() - 120000).toISOString(), starttime });
    fs.writeFileSync(process.argv[1] + "/held.jsonl.lock", text);
    fs.writeFileSync(process.argv[1] + "/recycled.jsonl.lock", text.replace(/"starttime":/, "$&1"));
    fs.writeFileSync(process.argv[2], String(process.pid));
    setTimeout(() => {}, 60000)' "$3" "$4"`;
  const container = spawn(
    "unshare",
    [
      "--user",
      "--map-root-user",
      "--pid",
      "--fork",
      "--kill-child",
      "--mount",
      "--mount-proc",
      "sh",
      "-c",
      inside,
      "sh",
      bot.openclaw,
      process.execPath,
      folder,
      ready,
    ],
    { stdio: "ignore" },
  );
  onTestFinished(() => void container.kill("SIGKILL"));
  container.on("error", () => undefined); // no such program: nothing gets ready
  for (let round = 0; !existsSync(ready) && container.exitCode === null && round < 100; round += 1) await sleep(50);
  skip(!existsSync(ready), "this kernel allows no pid namespace here");
  for (const path of [held, recycled]) spawnSync("touch", ["-d", "2 minutes ago", path]);
  const facts = await seeLocks(bot, "auto", { unknownOwnerAge: 60_000 });
  expect(facts.foreignPids).toBe(true);
  expect(Number(readFileSync(ready, "utf8"))).toBeLessThan(100);
  expect(statesOf(facts)).toEqual({ [held]: "held", [recycled]: "stale" });
  const finding = facts.findings.find(({ path }) => path === held);
  expect(String(finding?.evidence.because)).toMatch(/of a container \(\d+ here\)/);
});

function ticks(pid: number): number {
  return Number(
    readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ")[19],
  );
}
