import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import type { Settings } from "../../src/config/settings.ts";
import { startTicksOf } from "../../src/host/processes.ts";
import { inspectLocks, type LockFacts } from "../../src/inspect/locks.ts";
import { discover } from "../../src/installation/discover.ts";
import type { Home } from "./home.ts";
import { scratchSurroundings } from "./surroundings.ts";

/** Processes that stand for owners of locks: one that lives, one that looks like OpenClaw, and one that is gone. */
export type Owners = { plain: number; posed: number; gone: number };

export async function startOwners(): Promise<Owners> {
  const [plain, posed] = [idle(), idle("openclaw")];
  await sleep(50);
  return { plain: pidOf(plain), posed: pidOf(posed), gone: spawnSync("true").pid };
}

/** A process that does nothing until the test is over. */
function idle(...argv: string[]): ChildProcess {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 600000)", ...argv], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error("no process was started");
  return pid;
}

/** A lock's payload as the releases from 2026.2.17 on write it. */
export function payload(fields: Record<string, unknown>): string {
  return JSON.stringify(fields, null, 2);
}

export function ago(agoMs: number): string {
  return new Date(Date.now() - agoMs).toISOString();
}

/** Puts a lock of this age there; no text: a directory. */
export function plantLock(path: string, text: string | undefined, ageMs = 0): void {
  if (text === undefined) mkdirSync(path);
  else writeFileSync(path, text);
  const seconds = (Date.now() - ageMs) / 1000;
  if (ageMs > 0) utimesSync(path, seconds, seconds);
}

export type State = "none" | "held" | "stale" | "undecidable";

const MINUTE = 60_000;

/** The cases that OpenClaw's own packages were asked about, and what our judgement of each must be. */
export const probeCases: Record<string, { plant: (path: string, owners: Owners) => void; state: State }> = {
  "no lock": { plant: () => undefined, state: "none" },
  "live foreign pid, fresh": {
    plant: (path, { plain }) => plantLock(path, payload({ pid: plain, createdAt: ago(0) })),
    state: "held",
  },
  "live foreign pid, fresh, right starttime": {
    plant: (path, { plain }) => plantLock(path, withStart(plain, 0)),
    state: "held",
  },
  "live pid whose argv holds 'openclaw', fresh": {
    plant: (path, { posed }) => plantLock(path, withStart(posed, 0)),
    state: "held",
  },
  "live pid whose argv holds 'openclaw', createdAt 31 min": {
    plant: (path, { posed }) => plantLock(path, withStart(posed, 31 * MINUTE), 31 * MINUTE),
    state: "held",
  },
  "live pid whose argv holds 'openclaw', createdAt 40 s": {
    plant: (path, { posed }) => plantLock(path, withStart(posed, 40_000), 40_000),
    state: "held",
  },
  // the process is younger than its lock, so it cannot have made it
  "live foreign pid, createdAt 40 s": {
    plant: (path, { plain }) => plantLock(path, payload({ pid: plain, createdAt: ago(40_000) }), 40_000),
    state: "stale",
  },
  "live pid, wrong starttime": {
    plant: (path, { posed }) => plantLock(path, payload({ pid: posed, createdAt: ago(0), starttime: 1 })),
    state: "stale",
  },
  "dead pid, fresh": {
    plant: (path, { gone }) => plantLock(path, payload({ pid: gone, createdAt: ago(0) })),
    state: "stale",
  },
  "empty file, fresh": { plant: (path) => plantLock(path, ""), state: "undecidable" },
  "empty file, mtime 40 s": { plant: (path) => plantLock(path, "", 40_000), state: "stale" },
  "empty file, mtime 31 min": { plant: (path) => plantLock(path, "", 31 * MINUTE), state: "stale" },
  "garbage, fresh": { plant: (path) => plantLock(path, "not json"), state: "undecidable" },
  "store-style payload {pid,startedAt}, live, fresh": {
    plant: (path, { plain }) => plantLock(path, JSON.stringify({ pid: plain, startedAt: Date.now() })),
    state: "held",
  },
  "directory, fresh": { plant: (path) => plantLock(path, undefined), state: "undecidable" },
  "directory, mtime 40 s": { plant: (path) => plantLock(path, undefined, 40_000), state: "stale" },
  "directory, mtime 31 min": { plant: (path) => plantLock(path, undefined, 31 * MINUTE), state: "stale" },
};

function withStart(pid: number, agoMs: number): string {
  return payload({ pid, createdAt: ago(agoMs), starttime: startTicksOf(pid) });
}

/** What is seen of a home's locks, as the command sees it. */
export async function seeLocks(
  { openclaw, claude }: Pick<Home, "openclaw" | "claude">,
  foreignPids: "auto" | boolean = "auto",
  limits: Partial<Settings["locks"]> = {},
): Promise<LockFacts> {
  const surroundings = scratchSurroundings({ PATH: process.env.PATH });
  const settings = await loadSettings({ openclawHome: openclaw, claudeHome: claude }, surroundings);
  settings.locks = { ...settings.locks, ...limits };
  const [asked] = settings.installations;
  if (!asked) throw new Error("there is always one installation");
  const installation = await discover({ ...asked, foreignPids }, surroundings, "locks");
  return inspectLocks(installation, { settings, nowMs: Date.now(), signal: new AbortController().signal });
}

/** The state of each lock, by its path. */
export function statesOf({ locks }: LockFacts): Record<string, State> {
  return Object.fromEntries(locks.map(({ file, verdict }) => [file.path, verdict.state]));
}
