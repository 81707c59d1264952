import type { LockFile } from "./lock-file.ts";

/** Whether a lock still protects somebody, with the reason in words that fit behind "the lock is …". */
export type LockVerdict = {
  state: "held" | "stale" | "undecidable";
  because: string;
  ageMs: number;
  /** it rests on what the wall clock says, so it means nothing while that is not to be trusted */
  byClock: boolean;
};

/** What the machine knows of a lock's owner. Times are epoch milliseconds, ticks count from the machine's start. */
export type OwnerFacts = {
  alive: boolean;
  startTicks: number | undefined;
  startedAtMs: number | undefined;
  bootedAtMs?: number | undefined;
};

/** The owner of a lock in another pid namespace, as this host sees it: `pid` is its number here. */
export type OwnerElsewhere = OwnerFacts & { pid: number };

export type StalenessPolicy = {
  /** an unreadable lock or an empty lock directory counts as left behind after this many milliseconds */
  minAgeMs: number;
  /** where process ids mean nothing here, a lock counts as left behind after this many milliseconds */
  unknownOwnerAgeMs: number;
  /** the owner lives in another pid namespace */
  foreignPids: boolean;
};

/** A recycled pid shows by a start later than the lock; clocks are good to about a second. */
const START_TOLERANCE_MS = 2000;

/**
 * Judges a lock by its owner first and its age second: an old lock of a living owner is held, whatever its age.
 * Pure: `owner` is asked for the facts about a pid, `elsewhere` for the processes of containers that have this number in there, as far as
 * this host can see them.
 */
export function judgeLock(
  lock: LockFile,
  policy: StalenessPolicy,
  nowMs: number,
  owner: (pid: number) => OwnerFacts,
  elsewhere: (pid: number) => readonly OwnerElsewhere[] = () => [],
): LockVerdict {
  const { pid, createdAtMs, maxHoldMs = 0 } = lock.payload;
  const ageMs = Math.max(0, nowMs - Math.max(lock.fingerprint.mtimeMs, createdAtMs ?? 0));
  const verdict = (state: LockVerdict["state"], because: string, byClock = false): LockVerdict => ({
    state,
    because,
    ageMs,
    byClock,
  });
  const isPastMinAge = ageMs > policy.minAgeMs;
  if (lock.kind === "other") return verdict("undecidable", "neither a file nor a directory");
  if (lock.kind === "sealed") return verdict("undecidable", "one that this user may not read");
  if (lock.kind === "large") return verdict("undecidable", "larger than any lock");
  if (lock.kind === "folder") {
    if (lock.isEmpty === undefined) return verdict("undecidable", "a directory that this user may not read");
    if (!lock.isEmpty) return verdict("undecidable", "a directory that is not empty");
    return isPastMinAge
      ? verdict("stale", "an empty directory", true)
      : verdict("undecidable", "a new empty directory", true);
  }
  if (policy.foreignPids) {
    const candidates = pid === undefined ? [] : elsewhere(pid);
    const facts = candidates.find((one) => one.alive && recognise(lock, one).isOwner === true);
    if (facts) return verdict("held", `held by process ${pid} of a container (${facts.pid} here)`);
    return ageMs > Math.max(policy.unknownOwnerAgeMs, maxHoldMs)
      ? verdict("stale", "older than any turn, its owner unknown here", true)
      : verdict("undecidable", "of an owner unknown here", true);
  }
  if (pid === undefined) {
    return isPastMinAge
      ? verdict("stale", "old and names no owner", true)
      : verdict("undecidable", "new and names no owner yet", true);
  }
  const facts = owner(pid);
  if (!facts.alive) return verdict("stale", `of process ${pid}, which is gone`);
  const { isOwner, because, byClock } = recognise(lock, facts);
  if (isOwner === true) return verdict("held", `held by process ${pid}`);
  return verdict(isOwner === false ? "stale" : "undecidable", because, byClock);
}

type Recognition = { isOwner: boolean | "unknown"; because: string; byClock: boolean };

/**
 * Whether a living process is the one that made a lock, or got its number later. The start in ticks decides where both are
 * known: it does not change when the wall clock is set. Just a machine's next start could bring the same number and ticks.
 */
function recognise({ payload, fingerprint }: LockFile, facts: OwnerFacts): Recognition {
  const { pid, startTicks } = payload;
  const madeAtMs = payload.createdAtMs ?? fingerprint.mtimeMs;
  const isMadeBefore = (timeMs: number | undefined) => timeMs !== undefined && timeMs > madeAtMs + START_TOLERANCE_MS;
  if (startTicks !== undefined && facts.startTicks !== undefined) {
    if (startTicks !== facts.startTicks)
      return {
        isOwner: false,
        because: `of an earlier process ${pid}; another one has that number now`,
        byClock: false,
      };
    return isMadeBefore(facts.bootedAtMs)
      ? {
          isOwner: "unknown",
          because: `older than the machine's start, but process ${pid} began at the time it says`,
          byClock: true,
        }
      : { isOwner: true, because: "", byClock: false };
  }
  return isMadeBefore(facts.startedAtMs)
    ? { isOwner: false, because: `older than process ${pid}, which has that number now`, byClock: true }
    : { isOwner: true, because: "", byClock: false };
}
