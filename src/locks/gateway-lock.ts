import { closeSync, constants, openSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Disk } from "../disk/disk.ts";
import { fingerprintOfDescriptor, isSameFile, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { errnoOf } from "../errors.ts";
import { startTicksOf } from "../host/processes.ts";
import { judgeHere, type LockRules } from "./judge-here.ts";
import { readLock } from "./lock-file.ts";
import { removeSeen } from "./remove-seen.ts";

/** A lock that we hold. `release` tells whether it was still ours: if not, what was done under it is unconfirmed. */
export type HeldLock = { release: () => boolean };

const POLL_MS = 25;
/** A look at all processes costs more than one at a lock: waiting for one that needs it leaves most of the time to others. */
const PAUSES_PER_LOOK = 10;
/** How long a reader of our lock may expect us to hold it; the gateway's own waiters give up after ten seconds. */
const MAX_HOLD_MS = 8000;

/** Stands in our own locks, so that a later run knows one that a killed run left. Gateways ignore fields they don't know. */
const OWN_MARK = "session-keeper";

/** Where the gateway puts the lock of a file: the folder is resolved, the file itself is not. */
export function lockPathOf(file: string): string {
  return join(realpathSync(dirname(file)), `${basename(file)}.lock`);
}

/**
 * Takes the gateway's lock on a transcript or a registry by the gateway's own protocol, so that it waits for us.
 *
 * The payload is written beside and linked into place: exclusive, and never seen empty, because old releases take an
 * empty lock at once. It satisfies the readers of every file era. A lock whose owner is proven gone is removed first.
 *
 * @returns the lock, or in words who held it until `waitMs` was over
 */
export async function acquireGatewayLock(
  disk: Disk,
  file: string,
  options: { waitMs: number; rules: LockRules; signal?: AbortSignal },
): Promise<HeldLock | { busy: string }> {
  const path = lockPathOf(file);
  const deadline = Date.now() + options.waitMs;
  for (;;) {
    const lock = readLock(path);
    if (!lock) {
      const mine = tryLink(disk, path);
      if (mine) return mine;
      continue;
    }
    const lookedAt = performance.now();
    const verdict = judgeHere(lock, options.rules);
    const pauseMs = Math.max(POLL_MS, PAUSES_PER_LOOK * (performance.now() - lookedAt));
    if (verdict.state === "stale" && lock.kind === "file" && (await removeSeen(disk, lock, options.rules))) continue;
    if (Date.now() >= deadline || options.signal?.aborted) return { busy: `its lock is ${verdict.because}` };
    await sleep(Math.min(pauseMs, Math.max(1, deadline - Date.now())));
  }
}

/** Removes a lock that a killed run of ours left; a gateway's own is its own affair. */
export async function removeOwnLeftLock(disk: Disk, path: string, rules: LockRules): Promise<void> {
  const lock = readLock(path);
  if (lock?.kind !== "file" || !lock.text.includes(`"tool": "${OWN_MARK}"`)) return;
  if (judgeHere(lock, rules).state === "stale") await removeSeen(disk, lock, rules);
}

function tryLink(disk: Disk, path: string): HeldLock | undefined {
  const draft = draftPathFor(path);
  const now = new Date();
  const starttime = startTicksOf(process.pid);
  const payload = {
    tool: OWN_MARK,
    pid: process.pid,
    createdAt: now.toISOString(),
    startedAt: now.getTime(),
    maxHoldMs: MAX_HOLD_MS,
    ...(starttime === undefined ? {} : { starttime }),
  };
  const { uid, gid } = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  disk.createWith(draft, JSON.stringify(payload, null, 2), { uid, gid, mode: 0o600 });
  // open for as long as it is held, as the gateways' own: by that others see that we did not let go of it
  const descriptor = openSync(draft, constants.O_RDONLY | constants.O_NOFOLLOW);
  const ours = fingerprintOfDescriptor(descriptor);
  const release = () => {
    try {
      if (!isSameFile(ours, lookAt(path)?.fingerprint)) return false;
      disk.remove(path);
      return true;
    } finally {
      closeSync(descriptor);
    }
  };
  try {
    disk.link(draft, path);
    disk.remove(draft);
  } catch (error) {
    release(); // taken or not, an error must not leave it
    if (lookAt(draft)) disk.remove(draft);
    if (errnoOf(error) === "EEXIST") return undefined;
    throw error;
  }
  return { release };
}
