import type { Disk } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { draftPathFor, LOCK_DRAFT } from "../disk/left-behind.ts";
import { errnoOf } from "../errors.ts";
import { holdersOf } from "../host/processes.ts";
import { isSameLock, type LockFile, readLock } from "./lock-file.ts";

/**
 * Removes the very lock that was seen, without ever hitting one that was taken anew meanwhile: renames it to a name of
 * ours, looks again, and puts it back under its name when it is not the one that was seen.
 *
 * @returns true when the lock that was seen is gone
 */
export function removeSeen(disk: Disk, seen: LockFile): boolean {
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
  putBack(disk, captured, seen.path);
  return false;
}

/**
 * Clears away what a killed run left under a name of ours. A lock that somebody still has open was captured by mistake and
 * could not be put back any more: that is done now. Gateways keep their locks open as long as they hold them.
 */
export function settleCaptured(disk: Disk, path: string): void {
  const original = LOCK_DRAFT.exec(path)?.[1];
  const lock = readLock(path);
  if (!lock) return;
  const isHeld = lock.kind === "file" && holdersOf(lock.fingerprint).length > 0;
  if (original && (isHeld || !discard(disk, lock, path))) putBack(disk, path, original);
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

/** A link never replaces what has the name by now; a directory can't be linked, so it is looked whether the name is free. */
function putBack(disk: Disk, captured: string, path: string): void {
  const seen = lookAt(captured);
  if (seen?.kind === "folder") {
    if (!lookAt(path)) disk.rename(captured, path);
    return;
  }
  try {
    disk.link(captured, path);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  disk.remove(captured);
}
