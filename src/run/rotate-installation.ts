import { openDisk } from "../disk/disk.ts";
import { homesOf } from "../installation/discover.ts";
import type { Installation } from "../installation/installation.ts";
import { acquireRunLock, holdRunLockBriefly } from "../locks/run-lock.ts";
import { buildReport } from "../report/build.ts";
import { readState, statePathOf, writeState } from "../state/state.ts";
import { hasWork, look, nextState, type RotationContext, type RotationReport } from "./look.ts";
import { stateDirectoryOf } from "./state-directory.ts";

/**
 * Looks after one installation. Without work it only leaves a mark of when it looked, and how far the logs were read; with
 * work it takes the run lock first.
 */
export async function rotateInstallation(
  installation: Installation,
  context: RotationContext,
): Promise<RotationReport> {
  const { request, world, settings } = context;
  const stateDirectory = stateDirectoryOf(settings, world.surroundings);
  const homes = homesOf(installation);
  const statePath = statePathOf(stateDirectory, homes);
  const first = await look(installation, statePath, context);
  if (request.dryRun || homes.length === 0) return buildReport(first, [], []);
  const disk = context.disk ?? openDisk();
  if (!hasWork(first)) {
    const report = buildReport(first, [], []);
    const next = nextState(first, [], report, context);
    const isMarked = holdRunLockBriefly(disk, stateDirectory, homes, () => {
      if (readState(statePath).text === first.stateText) writeState(disk, statePath, next, { sync: false });
    });
    if (isMarked) return report;
  }
  const stop = new AbortController();
  const onCompromised = () => stop.abort(new Error("the run lock was lost"));
  const lock = await acquireRunLock(disk, stateDirectory, homes, {
    waitMs: request.waitMs,
    signal: world.signal,
    onCompromised,
  });
  try {
    const { work } = await import("./work.ts"); // all that writes: an idle run does without
    const signal = AbortSignal.any([world.signal, stop.signal]);
    const places = { disk, stateDirectory, statePath };
    return await work(installation, places, { ...context, world: { ...world, signal } });
  } finally {
    await lock.release();
  }
}
