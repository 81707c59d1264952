import { setTimeout as sleep } from "node:timers/promises";
import type { Disk } from "../disk/disk.ts";
import { acquireRunLock, holdRunLockBriefly } from "./run-lock.ts";

const ATTEMPTS = 20;
const PAUSE_MS = 25;
/** A lock that a killed run left is recognised after three seconds. */
const WAIT_MS = 5000;

/**
 * Reads and changes one of our own small files while no other run does. Nearly always that is one short step; a lock that a run
 * left which was killed in the middle of its own is taken over.
 *
 * @throws KeeperError `locked` when another run holds on to it
 */
export async function holdFile<Result>(
  disk: Disk,
  stateDirectory: string,
  path: string,
  step: () => Result,
): Promise<Result> {
  let result: { value: Result } | undefined;
  const once = () => {
    result = { value: step() };
  };
  for (let attempt = 0; attempt < ATTEMPTS && !result; attempt += 1) {
    if (attempt > 0) await sleep(PAUSE_MS);
    holdRunLockBriefly(disk, stateDirectory, [path], once);
  }
  if (result) return result.value;
  const lock = await acquireRunLock(disk, stateDirectory, [path], { waitMs: WAIT_MS, onCompromised: () => undefined });
  try {
    return step();
  } finally {
    await lock.release();
  }
}
