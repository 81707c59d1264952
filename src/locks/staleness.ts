import type { LockFile } from "./lock-file.ts";

/** Whether a lock still protects somebody, with the reason in words that fit behind "the lock is …". */
export type LockVerdict = { state: "held" | "stale" | "undecidable"; because: string; ageMs: number };

/** What the machine knows of a lock's owner. */
export type OwnerFacts = { alive: boolean; startTicks: number | undefined; startedAtMs: number | undefined };

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
 * Pure: `owner` is asked for the facts about a pid.
 */
export function judgeLock(
  lock: LockFile,
  policy: StalenessPolicy,
  nowMs: number,
  owner: (pid: number) => OwnerFacts,
): LockVerdict {
  const { pid, createdAtMs, startTicks, maxHoldMs = 0 } = lock.payload;
  const ageMs = Math.max(0, nowMs - Math.max(lock.fingerprint.mtimeMs, createdAtMs ?? 0));
  const verdict = (state: LockVerdict["state"], because: string): LockVerdict => ({ state, because, ageMs });
  if (lock.kind === "other") return verdict("undecidable", "neither a file nor a directory");
  if (lock.kind === "folder") {
    if (!lock.isEmpty) return verdict("undecidable", "a directory that is not empty");
    return ageMs > policy.minAgeMs
      ? verdict("stale", "an empty directory")
      : verdict("undecidable", "a new empty directory");
  }
  if (policy.foreignPids) {
    const limitMs = Math.max(policy.unknownOwnerAgeMs, maxHoldMs);
    return ageMs > limitMs
      ? verdict("stale", "older than any turn, its owner unknown here")
      : verdict("undecidable", "of an owner unknown here");
  }
  if (pid === undefined) {
    return ageMs > policy.minAgeMs
      ? verdict("stale", "old and names no owner")
      : verdict("undecidable", "new and names no owner yet");
  }
  const facts = owner(pid);
  if (!facts.alive) return verdict("stale", `of process ${pid}, which is gone`);
  if (startTicks !== undefined && facts.startTicks !== undefined && startTicks !== facts.startTicks) {
    return verdict("stale", `of an earlier process ${pid}; another one has that number now`);
  }
  if (
    createdAtMs !== undefined &&
    facts.startedAtMs !== undefined &&
    facts.startedAtMs > createdAtMs + START_TOLERANCE_MS
  ) {
    return verdict("stale", `older than process ${pid}, which has that number now`);
  }
  return verdict("held", `held by process ${pid}`);
}
