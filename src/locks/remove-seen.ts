import { setTimeout as sleep } from "node:timers/promises";
import type { Disk } from "../disk/disk.ts";
import { isSameFile, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor, LOCK_DRAFT } from "../disk/left-behind.ts";
import { errnoOf } from "../errors.ts";
import { holdersOf, holdsOpen, startTicksOf } from "../host/processes.ts";
import { isSameLock, type LockFile, readLock } from "./lock-file.ts";
import type { StalenessPolicy } from "./staleness.ts";

/** Whether owners live in another pid namespace: what they have open cannot be seen from here. */
type Sight = Pick<StalenessPolicy, "foreignPids">;

/** An owner closes its lock a moment before it takes away the name, which on a busy machine may be long. */
const LETTING_GO_MS = 1000;
const LOOK_AGAIN_MS = 20;

/**
 * Removes the very lock that was seen, without ever hitting one that was taken anew meanwhile: renames it to a name of
 * ours, looks again, and puts it back under its name when it is not the one that was seen.
 *
 * @returns true when the lock that was seen is gone
 */
export async function removeSeen(disk: Disk, seen: LockFile, sight: Sight): Promise<boolean> {
  const captured = draftPathFor(seen.path);
  // a last look, so that the rename hits another lock only if it was taken within microseconds
  const before = readLock(seen.path);
  if (!before) return true;
  if (!isSameLock(seen, before)) return false;
  try {
    disk.rename(seen.path, captured);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return true;
    throw error;
  }
  const now = readLock(captured);
  if (!now) return true;
  if (isSameLock(seen, now) && discard(disk, now, captured)) return true;
  if (putBack(disk, captured, seen.path)) await settleReturned(disk, { ...now, path: seen.path }, sight);
  return false;
}

/**
 * Clears away what a killed run left under a name of ours. A lock that somebody still has open was captured by mistake and
 * could not be put back any more: that is done now. Gateways keep their locks open as long as they hold them.
 */
export async function settleCaptured(disk: Disk, path: string, sight: Sight): Promise<void> {
  const original = LOCK_DRAFT.exec(path)?.[1];
  const lock = readLock(path);
  if (!lock) return;
  const isHeld = lock.kind === "file" && holdersOf(lock.fingerprint).length > 0;
  if (!original || (!isHeld && discard(disk, lock, path))) return;
  if (putBack(disk, path, original)) await settleReturned(disk, { ...lock, path: original }, sight);
}

/**
 * The owner of a lock that was captured by mistake may have let go of it before it was back: he found nothing to take away, and
 * nobody would ever do it, because he lives. So if he does not have it open any more, and it is not gone a moment later, it goes.
 */
async function settleReturned(disk: Disk, lock: LockFile, sight: Sight): Promise<void> {
  for (const deadline = Date.now() + LETTING_GO_MS; ; await sleep(LOOK_AGAIN_MS)) {
    const now = readLock(lock.path);
    if (!now || !isSameFile(lock.fingerprint, now.fingerprint) || !isLetGo(now, sight)) return;
    if (Date.now() < deadline) continue;
    await removeSeen(disk, now, sight);
    return;
  }
}

/**
 * True only for a lock of an owner who lives and does not have it open. The oldest gateways close their store's lock at once:
 * one that says when it was started, not when it was created. They take it for abandoned after thirty seconds anyway.
 */
function isLetGo({ kind, text, payload, fingerprint }: LockFile, { foreignPids }: Sight): boolean {
  const { pid, startTicks } = payload;
  if (kind !== "file" || foreignPids || pid === undefined || !text.includes('"createdAt"')) return false;
  if (startTicks !== undefined && startTicksOf(pid) !== startTicks) return false; // of a process that is gone
  return holdsOpen(pid, fingerprint) === false && holdersOf(fingerprint).length === 0;
}

/** False for a directory in which something turned up. */
function discard(disk: Disk, { kind }: LockFile, path: string): boolean {
  if (kind !== "folder") {
    disk.remove(path);
    return true;
  }
  try {
    disk.removeFolder(path);
    return true;
  } catch (error) {
    if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
    return false;
  }
}

/**
 * A link never replaces what has the name by now; a directory can't be linked, so it is looked whether the name is free.
 *
 * @returns whether a file has its name again
 */
function putBack(disk: Disk, captured: string, path: string): boolean {
  const seen = lookAt(captured);
  if (seen?.kind === "folder") {
    if (!lookAt(path)) disk.rename(captured, path);
    return false;
  }
  let isBack = true;
  try {
    disk.link(captured, path);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    isBack = false;
  }
  disk.remove(captured);
  return isBack;
}
