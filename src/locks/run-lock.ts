import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Disk } from "../disk/disk.ts";
import { isSameFile, lookAt } from "../disk/fingerprint.ts";
import { nameForPath } from "../disk/name-for-path.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { isElsewhere, isGone, ownerOf, recordOwner } from "./run-owner.ts";

/** Our own lock on a set of homes: two runs never work on the same home at once. */
export type RunLock = { release: () => Promise<void> };

/** proper-lockfile renews its lock at half this time; a lock not renewed for this long is free to take. */
const STALE_MS = 60_000;
const POLL_MS = 250;
/** A lock taken a moment ago may not name its owner yet; one that does not by then is of a run that was killed. */
const YOUNG_MS = 3000;

/**
 * Locks each home, by its real path, in our own state folder; never a path that a gateway knows.
 *
 * Waits up to `waitMs` for another run, or until the signal. A lock left by a run that was killed is recognised by its recorded process and
 * taken over at once; that of a run on another host or in a container, once it has not been renewed for a minute.
 *
 * @throws KeeperError `locked` when another run holds one of them; `cause` is that run's start as epoch milliseconds
 */
export async function acquireRunLock(
  disk: Disk,
  stateDirectory: string,
  homes: readonly string[],
  options: { waitMs: number; onCompromised: (error: Error) => void; signal?: AbortSignal },
): Promise<RunLock> {
  const { default: lockfile } = await import("proper-lockfile");
  disk.makeFolder(join(stateDirectory, "locks"));
  const releases: (() => Promise<void>)[] = [];
  const release = async () => {
    // one that was lost, or can't be removed, is free once this process has ended
    for (const one of releases.splice(0).reverse()) await one().catch(() => undefined);
  };
  const deadline = Date.now() + options.waitMs;
  try {
    for (const home of [...new Set(homes)].sort()) {
      const { lockfilePath, ownerPath } = pathsFor(stateDirectory, home);
      for (;;) {
        try {
          releases.push(
            await lockfile.lock(home, {
              realpath: false,
              lockfilePath,
              stale: STALE_MS,
              onCompromised: options.onCompromised,
            }),
          );
          recordOwner(disk, ownerPath);
          break;
        } catch (error) {
          if (errnoOf(error) !== "ELOCKED") throw error;
        }
        if (await takeOver(disk, lockfilePath, ownerPath)) continue;
        if (Date.now() >= deadline || options.signal?.aborted) throw locked(home, ownerPath);
        const pauseMs = Math.min(POLL_MS, Math.max(1, deadline - Date.now()));
        await sleep(pauseMs, undefined, options.signal ? { signal: options.signal } : {}).catch(() => undefined);
      }
    }
  } catch (error) {
    await release();
    throw error;
  }
  return { release };
}

function locked(home: string, ownerPath: string): KeeperError {
  const owner = ownerOf(ownerPath);
  const named = owner && !isElsewhere(owner) ? ` (process ${owner.pid})` : "";
  return new KeeperError(
    "locked",
    `another session-keeper run${named} is working on ${home}`,
    "nothing was done; the next run will see to it, or use --wait 2m to wait for that one",
    owner?.sinceMs,
  );
}

/**
 * Holds the same locks for one short synchronous step, without loading the lock library: its protocol is to make a folder.
 *
 * @returns false, with nothing done, when another run holds one of them
 */
export function holdRunLockBriefly(
  disk: Disk,
  stateDirectory: string,
  homes: readonly string[],
  step: () => void,
): boolean {
  disk.makeFolder(join(stateDirectory, "locks"));
  const held: string[] = [];
  try {
    for (const home of [...new Set(homes)].sort()) {
      const { lockfilePath } = pathsFor(stateDirectory, home);
      try {
        disk.makeNewFolder(lockfilePath);
      } catch (error) {
        if (errnoOf(error) === "EEXIST") return false;
        throw error;
      }
      held.push(lockfilePath);
    }
    step();
    return true;
  } finally {
    for (const path of held.reverse()) disk.removeFolder(path);
  }
}

function pathsFor(stateDirectory: string, home: string): { lockfilePath: string; ownerPath: string } {
  const base = join(stateDirectory, "locks", nameForPath(home));
  return { lockfilePath: `${base}.lock`, ownerPath: `${base}.owner` };
}

/**
 * Removes the lock of a run whose process is proven gone; captured by rename, so that only one of two runs does it. A run elsewhere
 * proves that it lives by renewing its lock: whether it still does, the lock library sees.
 */
async function takeOver(disk: Disk, lockfilePath: string, ownerPath: string): Promise<boolean> {
  const owner = ownerOf(ownerPath);
  const seen = lookAt(lockfilePath)?.fingerprint;
  if (!seen) return true;
  if (owner && (isElsewhere(owner) || !isGone(owner))) return false;
  const youngForMs = YOUNG_MS - (Date.now() - seen.mtimeMs);
  if (youngForMs > 0 && youngForMs <= YOUNG_MS) {
    await sleep(youngForMs);
    return takeOver(disk, lockfilePath, ownerPath);
  }
  const captured = `${lockfilePath}.${crypto.randomUUID()}`;
  try {
    disk.rename(lockfilePath, captured);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return true;
    throw error;
  }
  const now = lookAt(captured)?.fingerprint;
  if (now && isSameFile(seen, now) && now.mtimeMs === seen.mtimeMs) disk.removeFolder(captured);
  else disk.rename(captured, lockfilePath);
  return true;
}
