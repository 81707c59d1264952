import { type Disk, openDisk } from "../disk/disk.ts";
import { homesOf } from "../installation/discover.ts";
import type { Installation } from "../installation/installation.ts";
import { acquireRunLock, holdRunLockBriefly } from "../locks/run-lock.ts";
import { during } from "../progress.ts";
import { buildReport } from "../report/build.ts";
import { cursorsPathOf, writeCursors } from "../state/cursors.ts";
import { readState, statePathOf, writeState } from "../state/state.ts";
import type { Duty, DutyContext, DutyReport } from "./duty.ts";
import { lookToRotate } from "./look-to-rotate.ts";
import { describeFailure } from "./prospects.ts";
import { remember, sampleOf } from "./remember.ts";
import { stateDirectoryOf } from "./state-directory.ts";

/** What each command does with an installation. Crontabs mostly rotate: the others are loaded when they are asked for. */
const duties: Record<string, () => Promise<Duty>> = {
  rotate: async () => lookToRotate,
  archive: async () => (await import("./look-to-archive.ts")).lookToArchive,
  "validate-registry": async () => (await import("./look-to-validate.ts")).lookToValidate,
  "clean-locks": async () => (await import("./look-for-locks.ts")).lookForLocks,
  "detect-corruption": async () => (await import("./look-for-corruption.ts")).lookForCorruption,
};

/**
 * Looks after one installation. Without work it only leaves a mark of when it looked, and how far the logs were read; with
 * work it takes the run lock first.
 */
export async function lookAfter(installation: Installation, context: DutyContext): Promise<DutyReport> {
  const { request, world, settings } = context;
  if (request.restore?.verb === "undo")
    return (await import("./restore-undo.ts")).undoRun(installation, request.restore, context);
  if (request.command === "status") return (await import("./look-at-status.ts")).lookAtStatus(installation, context);
  if (request.setup?.verb === "check") {
    const { checkInstallation } = await import("./check-installation.ts");
    const checks = await checkInstallation(installation, request.setup.searchPath ?? "", context);
    return { findings: [], actions: [], spared: [], checks };
  }
  const duty = await (duties[request.command] ?? duties.rotate)?.();
  if (!duty) throw new Error(`nothing is known to do for ${request.command}`);
  const homes = homesOf(installation);
  const stateDirectory = stateDirectoryOf(settings, world.surroundings);
  const places: Places = {
    ...{ disk: context.disk ?? openDisk(), stateDirectory, homes },
    statePath: statePathOf(stateDirectory, homes),
  };
  const report = await lookOnly(installation, duty, places, context);
  if (report) return report;
  const stop = new AbortController();
  const onCompromised = () => stop.abort(new Error("the run lock was lost"));
  const { waitMs } = request;
  const lock = await during("wait-for-run", undefined, () =>
    acquireRunLock(places.disk, stateDirectory, homes, { waitMs, signal: world.signal, onCompromised }),
  );
  try {
    const { work } = await import("./work.ts"); // all that writes: an idle run does without
    const signal = AbortSignal.any([world.signal, stop.signal]);
    return await work(installation, duty, places, { ...context, world: { ...world, signal } });
  } finally {
    await lock.release();
  }
}

type Places = { disk: Disk; stateDirectory: string; statePath: string; homes: string[] };

/** Undefined when there is work: then it is looked again under the lock, and what was seen here is not kept until then. */
async function lookOnly(
  installation: Installation,
  duty: Duty,
  { disk, stateDirectory, statePath, homes }: Places,
  context: DutyContext,
): Promise<DutyReport | undefined> {
  const { request } = context;
  const first = await duty(installation, statePath, context);
  if (request.dryRun || homes.length === 0) return buildReport(first);
  if (first.hasWork) return undefined;
  const report = buildReport(first);
  if (request.files.length > 0) return report; // a look at a file leaves no trace
  const next = remember(first, first.state, [], report, context);
  const sample = await sampleOf(first);
  let isMarked: boolean;
  try {
    isMarked = holdRunLockBriefly(disk, stateDirectory, homes, () => {
      if (readState(statePath).text !== first.before.stateText) return;
      writeState(disk, statePath, next, { sync: false });
      sample?.(disk, statePath);
      if (first.cursors) writeCursors(disk, cursorsPathOf(statePath), first.cursors, first.before.cursorsText);
    });
  } catch (error) {
    return { ...report, failure: describeFailure(error) }; // what was seen is told all the same
  }
  // a look alone need not wait for another run: what it would have remembered, it looks up again
  return isMarked || !changesSomething(request) ? report : undefined;
}

function changesSomething({ command, repair }: DutyContext["request"]): boolean {
  return command === "rotate" || command === "archive" || repair;
}
