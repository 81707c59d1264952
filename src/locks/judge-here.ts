import { lookAt } from "../disk/fingerprint.ts";
import { bootedAt, holdersOfEach, isAlive, startedAtOf, startTicksOf } from "../host/processes.ts";
import type { LockFile } from "./lock-file.ts";
import { judgeLock, type LockVerdict, type OwnerFacts, type StalenessPolicy } from "./staleness.ts";

/** What locks are judged by in one installation, and where else their owners are looked for. */
export type LockRules = StalenessPolicy & {
  /** the processes of containers that work on the home, by the numbers that they have in there; asked for where pids are foreign */
  innerProcesses?: (() => ReadonlyMap<number, readonly number[]>) | undefined;
  /** in words, why the clock can't be trusted in this run: what rests on it alone proves nothing then */
  brake?: string | undefined;
};

/** The facts about a lock's owner as this machine sees them now. */
export function ownerFacts(pid: number): OwnerFacts {
  return { alive: isAlive(pid), startTicks: startTicksOf(pid), startedAtMs: startedAtOf(pid), bootedAtMs: bootedAt() };
}

/** Judges a lock by all that this machine can tell. Every decision to take a lock, or to go on in spite of one, goes by this. */
export function judgeHere(lock: LockFile, rules: LockRules, nowMs = Date.now()): LockVerdict {
  const verdict = judgeOwner(lock, rules, nowMs);
  return withDoubts([{ lock, verdict }], rules)[0] ?? verdict;
}

/** The same for several locks, with one look at the machine's processes; the verdicts stand in the locks' order. */
export function judgeEachHere(locks: readonly LockFile[], rules: LockRules, nowMs: number): LockVerdict[] {
  return withDoubts(
    locks.map((lock) => ({ lock, verdict: judgeOwner(lock, rules, nowMs) })),
    rules,
  );
}

function judgeOwner(lock: LockFile, rules: LockRules, nowMs: number): LockVerdict {
  return judgeLock(lock, rules, nowMs, ownerFacts, (inner) =>
    (rules.innerProcesses?.().get(inner) ?? []).map((pid) => ({ pid, ...ownerFacts(pid) })),
  );
}

type Judged = { lock: LockFile; verdict: LockVerdict };

/**
 * A lock that goes by the clock stays while a process has it open, or writes to what it guards: gateways keep a transcript's lock
 * open as long as they hold it. The processes are looked at only where a verdict depends on it.
 */
function withDoubts(judged: readonly Judged[], { brake }: LockRules): LockVerdict[] {
  const doubtful = judged.filter(({ verdict }) => verdict.state === "stale" && verdict.byClock);
  const uses = usesOf(doubtful.map(({ lock }) => lock));
  return judged.map((one) => {
    const use = uses.get(one.lock) ?? (doubtful.includes(one) ? brake : undefined);
    if (use === undefined) return one.verdict;
    return { ...one.verdict, state: "undecidable", because: `${one.verdict.because}, but ${use}` };
  });
}

/** In words, which other process uses a lock or what it guards; without those that nobody can be seen to use. */
function usesOf(locks: readonly LockFile[]): Map<LockFile, string> {
  const files = locks.filter(({ kind }) => kind === "file");
  const uses = new Map<LockFile, string>();
  if (files.length === 0) return uses;
  const nothing = { device: -1, inode: -1 };
  const guarded = files.map(({ path }) => lookAt(path.replace(/\.lock$/, ""))?.fingerprint ?? nothing);
  const holders = holdersOfEach([...files.map(({ fingerprint }) => fingerprint), ...guarded]);
  for (const [index, lock] of files.entries()) {
    const opener = holders[index]?.[0];
    const writer = holders[files.length + index]?.find(({ writes }) => writes);
    if (opener) uses.set(lock, `process ${opener.pid} has it open`);
    else if (writer) uses.set(lock, `process ${writer.pid} writes to the file`);
  }
  return uses;
}
