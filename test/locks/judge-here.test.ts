import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import { startTicksOf } from "../../src/host/processes.ts";
import { acquireGatewayLock, removeOwnLeftLock } from "../../src/locks/gateway-lock.ts";
import { judgeEachHere, judgeHere, type LockRules } from "../../src/locks/judge-here.ts";
import { readLock } from "../../src/locks/lock-file.ts";

const HOUR = 3_600_000;
const rules: LockRules = { minAgeMs: 30_000, unknownOwnerAgeMs: 1_800_000, foreignPids: false };
const brake = "the clock was set forward by 90 minutes since the last run";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-judge-here-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function plant(name: string, payload: Record<string, unknown>, ageMs = HOUR): string {
  const path = join(folder, `${name}.jsonl.lock`);
  writeFileSync(path, JSON.stringify(payload, null, 2));
  const seconds = (Date.now() - ageMs) / 1000;
  utimesSync(path, seconds, seconds);
  return path;
}

function lockAt(path: string) {
  const lock = readLock(path);
  if (!lock) throw new Error("it was planted");
  return lock;
}

/** A process that lives until the test is over, started through a shell with these redirections. */
async function startWith(redirections: string, ...paths: string[]): Promise<number> {
  const child = spawn("sh", ["-c", `exec ${redirections}; sleep 60 & wait`, ...paths], {
    stdio: "ignore",
    detached: true,
  });
  onTestFinished(() => void process.kill(-(child.pid ?? 0), "SIGKILL"));
  await sleep(200);
  return child.pid ?? 0;
}

test("what goes by the clock stays while a process has it open or writes to what it guards, and goes otherwise", async () => {
  const [open, guarding, nobodys] = [plant("open", {}), plant("guarding", {}), plant("nobodys", {})];
  await startWith('3<"$0" 4>>"$1"', open, guarding.replace(/\.lock$/, ""));
  const verdicts = judgeEachHere([open, guarding, nobodys].map(lockAt), rules, Date.now());
  expect(verdicts.map(({ state }) => state)).toEqual(["undecidable", "undecidable", "stale"]);
  expect(verdicts[0]?.because).toMatch(/^old and names no owner, but process \d+ has it open$/);
  expect(verdicts[1]?.because).toMatch(/but process \d+ writes to the file$/);
});

test("a clock that is not to be trusted lets nothing go by it, and nothing stay that its process proves to be left", () => {
  const empty = join(folder, "directory.jsonl.lock");
  mkdirSync(empty);
  utimesSync(empty, 1, 1);
  const locks = [lockAt(plant("old", {})), lockAt(empty), lockAt(plant("gone", { pid: 4_194_305 }))];
  const verdicts = judgeEachHere(locks, { ...rules, brake }, Date.now());
  expect(verdicts.map(({ state }) => state)).toEqual(["undecidable", "undecidable", "stale"]);
  expect(verdicts[0]?.because).toBe(`old and names no owner, but ${brake}`);
});

test("the owner in a container is looked up by its number in there, where pids are foreign", async () => {
  const pid = await startWith("3</dev/null");
  const lock = lockAt(plant("a", { pid: 7, starttime: startTicksOf(pid), createdAt: new Date().toISOString() }));
  const foreign = { ...rules, foreignPids: true, innerProcesses: () => new Map([[7, [pid]]]) };
  expect(judgeHere(lock, foreign, Date.now() + HOUR)).toMatchObject({
    state: "held",
    because: `held by process 7 of a container (${pid} here)`,
  });
  expect(judgeHere(lock, { ...rules, foreignPids: true }, Date.now() + HOUR).state).toBe("stale");
  expect(judgeHere(lock, { ...foreign, foreignPids: false }, Date.now() + HOUR).state).toBe("stale");
});

test("a lock that somebody has open is waited for, and taken when its owner lets go of it", async () => {
  const lock = plant("a", {});
  const pid = await startWith('3<"$0"', lock);
  const file = lock.replace(/\.lock$/, "");
  const busy = await acquireGatewayLock(openDisk(), file, { waitMs: 100, rules });
  expect(busy).toEqual({ busy: `its lock is old and names no owner, but process ${pid} has it open` });
  setTimeout(() => rmSync(lock), 300);
  const held = await acquireGatewayLock(openDisk(), file, { waitMs: 5000, rules });
  expect("release" in held && held.release()).toBe(true);
});

test("a lock of our own kind goes once its run is gone, and stays while it may live", async () => {
  const [gone, open] = [
    plant("gone", { tool: "session-keeper", pid: 4_194_305 }),
    plant("open", { tool: "session-keeper" }),
  ];
  const stepped = plant("stepped", { tool: "session-keeper" });
  await startWith('3<"$0"', open);
  for (const path of [gone, open]) await removeOwnLeftLock(openDisk(), path, rules);
  await removeOwnLeftLock(openDisk(), stepped, { ...rules, brake });
  expect([gone, open, stepped].map((path) => readLock(path) !== undefined)).toEqual([false, true, true]);
});
