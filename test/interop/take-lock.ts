// Run with Node 24: take-lock.ts PACKAGE transcript|store FILE MODE [PID]. Takes a lock by the package's own code.
//   try     once, and prints as JSON how that went
//   hold    once, prints "ready", and keeps it until the process is ended
//   rounds  takes and releases it 400 times; prints "ready" after the first round, and last what it saw as JSON.
//           With PID, of a process that is gone, every tenth round finds a lock of it in its way, made a moment ago.
// Whoever holds it has `FILE.owner` for himself: one that is there already is of a second owner.
import { closeSync, linkSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { reachFunctions } from "./reach-functions.ts";

/** How one attempt went. */
export type Attempt = { tookMs: number } | { error: string };
/**
 * What was seen in all rounds. A fault: a second owner, a lock that was gone or another's while held, or one that came back.
 * `starved`: others were quicker for ten seconds, because whoever waits longest looks most rarely.
 */
export type Rounds = { rounds: number; inTheWay: number; starved: number; faults: string[] };

const [folder = "", kind = "", file = "", mode = "", gone = "0"] = process.argv.slice(2);
const ROUNDS = 400;
const EVERY = 10;
/** Shorter than the ten seconds that a person would wait; the store has no such option. */
const TIMEOUT_MS = mode === "try" ? 1500 : 10_000;
const MOST_FAULTS = 20;
/** How long a lock that was left may stay there, and the one that takes its place: somebody judges the one and finds the other. */
const MOST_PATIENCE_MS = 100;
const HOLD_MS = 3;

const { acquireSessionWriteLock, updateSessionStore } = await reachFunctions(folder, [
  "acquireSessionWriteLock",
  "updateSessionStore",
]);
// the first time loads what is needed, some of it while the lock is held
const elsewhere = mkdtempSync(join(tmpdir(), "warm-"));
const warm = join(elsewhere, kind === "store" ? "sessions.json" : "warm.jsonl");
writeFileSync(warm, "{}");
await withLock(warm, async () => {});
rmSync(elsewhere, { recursive: true });

if (mode === "try") finish(await tryOnce());
if (mode === "hold") {
  await withLock(file, () => {
    writeSync(1, "ready\n");
    return sleep(600_000);
  });
}
finish(await takeRounds());

async function tryOnce(): Promise<Attempt> {
  const start = performance.now();
  try {
    let tookMs = 0;
    await withLock(file, async () => {
      tookMs = Math.round(performance.now() - start);
    });
    return { tookMs };
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { error: `${code ?? ""} ${message}` };
  }
}

async function takeRounds(): Promise<Rounds> {
  const seen: Rounds = { rounds: 0, inTheWay: 0, starved: 0, faults: [] };
  const fault = (what: string) => {
    if (seen.faults.length < MOST_FAULTS) seen.faults.push(`round ${seen.rounds}: ${what}`);
  };
  while (seen.rounds < ROUNDS) {
    const isInTheWay = gone !== "0" && seen.rounds % EVERY === EVERY - 1 && putInTheWay(Number(gone));
    if (isInTheWay) {
      seen.inTheWay += 1;
      await sleep(Math.random() * MOST_PATIENCE_MS);
    }
    const holdMs = Math.random() * (isInTheWay ? MOST_PATIENCE_MS : HOLD_MS);
    try {
      await withLock(file, () => holdAlone(holdMs, fault));
    } catch (error) {
      if (/timeout/.test(String(error))) seen.starved += 1;
      else fault(String(error));
    }
    if (ownerOf() === process.pid) fault("a lock that was released is there again");
    seen.rounds += 1;
    if (seen.rounds === 1) writeSync(1, "ready\n");
    // the lock has no queue between processes: without any pause nobody else would ever get it
    await sleep(Math.random() * 2);
  }
  return seen;
}

async function holdAlone(holdMs: number, fault: (what: string) => void): Promise<void> {
  const owner = `${file}.owner`;
  try {
    closeSync(openSync(owner, "wx"));
  } catch {
    return fault("there is a second owner");
  }
  const before = ownerOf();
  await sleep(holdMs);
  const after = ownerOf();
  rmSync(owner);
  for (const one of [before, after]) if (one !== process.pid) fault(`the lock is ${one ? "another's" : "gone"}`);
}

/** Undefined: there is no lock, or it names nobody. */
function ownerOf(): number | undefined {
  try {
    return JSON.parse(readFileSync(`${file}.lock`, "utf8")).pid;
  } catch {
    return undefined;
  }
}

/** As a process leaves it that is killed while it holds the lock. */
function putInTheWay(pid: number): boolean {
  const draft = `${file}.draft`;
  writeFileSync(draft, JSON.stringify({ pid, createdAt: new Date(), startedAt: Date.now(), starttime: 1 }, null, 2));
  try {
    linkSync(draft, `${file}.lock`);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(draft);
  }
}

async function withLock(target: string, hold: () => Promise<void>): Promise<void> {
  if (kind === "store") return updateSessionStore(target, hold);
  const lock = await acquireSessionWriteLock({ sessionFile: target, timeoutMs: TIMEOUT_MS });
  try {
    await hold();
  } finally {
    await lock.release();
  }
}

function finish(result: Attempt | Rounds): never {
  writeSync(1, JSON.stringify(result));
  // the bundles leave timers behind
  process.exit(0);
}
