import { type ChildProcess, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { age, sessionsFolder } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { type InstalledOpenClaw, installOpenClaw } from "./packages.ts";
import { type Started, startScript } from "./start-script.ts";
import { copyState, runScript, type State } from "./state.ts";
import type { Attempt, Rounds } from "./take-lock.ts";

type Lock = { version: string; kind: "transcript" | "store" };

/** Later releases have no lock on the registry. */
const LOCKS: Lock[] = [
  { version: "2026.2.9", kind: "transcript" },
  { version: "2026.2.9", kind: "store" },
  { version: "2026.4.15", kind: "transcript" },
  { version: "2026.4.15", kind: "store" },
  { version: "2026.6.11", kind: "transcript" },
];
/** The oldest takes a lock for itself that was made but not yet written to: two of its processes own one now and then, unaided. */
const EXCLUSIVE = LOCKS.filter(({ version, kind }) => version !== "2026.2.9" || kind === "store");
const ROUNDS = 400;
const OTHERS = 40;
const SOON_MS = 1000;
/** No release takes a directory for one that somebody has just made. */
const OLD_MS = 31 * 60_000;

let state: State;
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  state?.remove();
});

test.for(EXCLUSIVE)(
  "two processes of OpenClaw $version that contend for the lock of a $kind never own it at once while clean-locks runs",
  async (lock, { skip }) => {
    const openclaw = await installOpenClaw(lock.version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    state = copyState(lock.version);
    const takers = [await start(openclaw, lock, "rounds"), await start(openclaw, lock, "rounds")];
    const { removed, held, seen } = await cleanBeside(takers);
    expect(seen.flatMap(({ faults }) => faults)).toEqual([]);
    expect(seen.map(({ rounds }) => rounds)).toEqual([ROUNDS, ROUNDS]);
    expect(removed).toEqual([]);
    expect(held).toBeGreaterThan(0);
    expect(existsSync(`${fileOf(lock)}.lock`)).toBe(false);
  },
);

test.for(LOCKS)(
  "OpenClaw $version never loses the lock of a $kind that it takes while clean-locks removes those of a dead process",
  async (lock, { skip }) => {
    const openclaw = await installOpenClaw(lock.version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    state = copyState(lock.version);
    const { pid: gone } = spawnSync("true");
    const taker = await start(openclaw, lock, "rounds", String(gone));
    // many others come first, so that there is time between the judgement and the removal
    const others = Array.from({ length: OTHERS }, (_, index) =>
      join(sessionsFolder(state), `0000-${index}.jsonl.lock`),
    );
    const plant = () => {
      for (const path of others) writeFileSync(path, JSON.stringify({ pid: gone, createdAt: new Date() }));
    };
    const { removed: all, held, seen } = await cleanBeside([taker], plant);
    const removed = all.filter(({ path }) => path === `${fileOf(lock)}.lock`);
    expect(seen).toEqual([{ rounds: ROUNDS, inTheWay: expect.any(Number), starved: 0, faults: [] }]);
    expect(held).toBeGreaterThan(0);
    expect(removed.length).toBeGreaterThan(0);
    expect(all.filter(({ pid }) => pid !== gone)).toEqual([]);
    expect(removed.length).toBeLessThanOrEqual(seen[0]?.inTheWay ?? 0);
  },
);

test.for(LOCKS)(
  "OpenClaw $version, killed while it held the lock of a $kind, takes it again at once after clean-locks",
  async (lock, { skip }) => {
    const openclaw = await installOpenClaw(lock.version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    state = copyState(lock.version);
    const { child } = await start(openclaw, lock, "hold");
    expect(await clean()).toMatchObject({ removed: [], held: 1 });
    child.kill("SIGKILL");
    await once(child, "close");
    expect(existsSync(`${fileOf(lock)}.lock`)).toBe(true);
    expect(await clean()).toMatchObject({ removed: [{ pid: child.pid }], held: 0 });
    expect(existsSync(`${fileOf(lock)}.lock`)).toBe(false);
    expectTaken(await tryIt(openclaw, lock));
  },
);

test.for(LOCKS)(
  "a directory keeps OpenClaw $version from the lock of a $kind until clean-locks removes it",
  async (lock, { skip }) => {
    const openclaw = await installOpenClaw(lock.version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    state = copyState(lock.version);
    const directory = `${fileOf(lock)}.lock`;
    mkdirSync(directory);
    age(directory, OLD_MS);
    const isPatient = lock.version === "2026.2.9" && lock.kind === "store";
    expect(await tryIt(openclaw, lock)).toEqual({ error: expect.stringMatching(isPatient ? /timeout/ : /EISDIR/) });
    expect(await clean()).toMatchObject({ removed: [{ path: directory }], held: 0 });
    expect(existsSync(directory)).toBe(false);
    expectTaken(await tryIt(openclaw, lock));
  },
);

function fileOf({ kind }: Lock): string {
  return kind === "store"
    ? join(sessionsFolder(state), "sessions.json")
    : join(sessionsFolder(state), `${state.registries.main["agent:main:main"]?.sessionId}.jsonl`);
}

async function tryIt(openclaw: InstalledOpenClaw, lock: Lock): Promise<Attempt> {
  return JSON.parse(await runScript("take-lock.ts", openclaw, state, lock.kind, fileOf(lock), "try"));
}

function expectTaken(attempt: Attempt): void {
  expect(attempt).toEqual({ tookMs: expect.any(Number) });
  if ("tookMs" in attempt) expect(attempt.tookMs).toBeLessThan(SOON_MS);
}

/** Starts a process of the package, and waits until it had the lock once. */
async function start(openclaw: InstalledOpenClaw, lock: Lock, ...mode: string[]): Promise<Started<Rounds>> {
  const started = await startScript<Rounds>("take-lock.ts", openclaw, state, lock.kind, fileOf(lock), ...mode);
  children.push(started.child);
  return started;
}

/** The locks that were removed, with the process that each named; and how many were seen in somebody's hands. */
type Cleaned = { removed: { path: string | undefined; pid: unknown }[]; held: number };

async function clean(): Promise<Cleaned> {
  const { status, installations } = await keeperJson(["clean-locks", ...state.args], state.env);
  const [{ actions, findings } = { actions: [], findings: [] }] = installations;
  expect(actions.filter(({ result }) => !["done", "already-done", "changed-since-plan"].includes(result))).toEqual([]);
  // what was judged stale and then taken anew; and a lock so new that its owner stands not in it yet
  const left = findings.filter(({ severity, resolved }) => severity !== "info" && !resolved);
  const isUnderstood = ({ kind, evidence }: (typeof left)[number]) =>
    kind === "undecidable-lock" && evidence.because === "new and names no owner yet";
  const changed = actions.filter(({ result }) => result === "changed-since-plan").map(({ path }) => path);
  expect(left.filter((one) => !isUnderstood(one) && !changed.includes(one.path))).toEqual([]);
  expect(status).toBe(left.length > 0 ? 1 : 0);
  return {
    removed: actions.filter(({ result }) => result === "done").map(({ path, detail }) => ({ path, pid: detail?.pid })),
    held: findings.filter(({ kind }) => kind === "held-lock").length,
  };
}

/** Runs clean-locks over and over until these processes are through with their rounds. */
async function cleanBeside(
  takers: readonly Started<Rounds>[],
  prepare = () => {},
): Promise<Cleaned & { seen: Rounds[] }> {
  const all: Cleaned = { removed: [], held: 0 };
  let isOver = false;
  const done = Promise.all(takers.map((taker) => taker.done())).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    prepare();
    const { removed, held } = await clean();
    all.removed.push(...removed);
    all.held += held;
  }
  return { ...all, seen: await done };
}
