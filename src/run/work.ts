import { applyPlan, endOf, type JobEnd } from "../apply/apply.ts";
import type { Outcome } from "../apply/outcome.ts";
import { pruneArchives } from "../apply/prune-archive.ts";
import { recoverSetAside } from "../apply/recover.ts";
import { restartGateway } from "../apply/restart-gateway.ts";
import { retain } from "../apply/retain.ts";
import type { Tools } from "../apply/tools.ts";
import type { Disk } from "../disk/disk.ts";
import { readClocks } from "../host/host.ts";
import type { Installation } from "../installation/installation.ts";
import { withoutTexts } from "../installation/registries.ts";
import type { Spared } from "../plan/plan.ts";
import { countedAsTheyCome, during } from "../progress.ts";
import { buildReport, nothingTold, reportFinding, tellJob } from "../report/build.ts";
import { brakeReason } from "../state/brake.ts";
import { cursorsPathOf, writeCursors } from "../state/cursors.ts";
import { backupsIn, type Journal, openJournal, readJournal } from "../state/journal.ts";
import { type InstallationState, readState, writeState } from "../state/state.ts";
import type { Duty, DutyContext, DutyReport } from "./duty.ts";
import { mendCatalogs } from "./mend-catalogs.ts";
import { describeFailure } from "./prospects.ts";
import { refresh } from "./refresh.ts";
import { remember, sampleOf } from "./remember.ts";
import { restartsLately } from "./restarts.ts";
import { isRestartMissing, underwayOf } from "./underway.ts";

/**
 * The part of a run that changes something. The caller holds the run lock. Looks again first, because the world may have
 * changed while the lock was waited for.
 */
export async function work(
  installation: Installation,
  duty: Duty,
  places: { disk: Disk; stateDirectory: string; statePath: string },
  context: DutyContext,
): Promise<DutyReport> {
  const { request, world, settings, runId } = context;
  const { disk, stateDirectory, statePath } = places;
  const journal = openJournal(disk, stateDirectory, runId);
  await refresh(installation, context);
  const tools: Tools = {
    disk,
    journal,
    backupsOf: (path) => backupsIn(readJournal(stateDirectory), path),
    settings,
    installation,
    runId,
    command: request.command,
    foreignPids: false,
    brake: brakeReason(readState(statePath).state.clocks, readClocks()),
    signal: world.signal,
    env: world.surroundings.env,
  };
  const problems = await recoverSetAside(tools);
  if (installation.leftBehind.length > 0) await refresh(installation, context);
  installation.unreadable.push(...problems);
  const mended = await mendCatalogs(tools, context);
  const seen = await duty(installation, statePath, context);
  tools.foreignPids = seen.foreignPids;
  installation.registries = withoutTexts(installation.registries);
  const isKept = request.files.length === 0; // of files that were named nothing is remembered
  journal.write("run-begin", {
    command: request.command,
    installation: installation.name,
    jobs: seen.plan.jobs.length,
    ...(isKept ? {} : { files: request.files.length }),
  });
  const done: JobEnd[] = [];
  const told = nothingTold();
  const state = { ...seen.state };
  if (seen.mayRestart) state.restartDue ||= state.underway.some(isRestartMissing);
  const begins = underwayOf(seen.plan.jobs);
  const underway = [...state.underway.filter(({ path }) => !begins.some((one) => one.path === path)), ...begins];
  // remembered before anything changes: a run that is killed in between leaves nothing half done for ever
  if (begins.length > 0 && isKept)
    writeState(disk, statePath, { ...readState(statePath).state, underway }, { sync: true });
  for await (const outcome of countedAsTheyCome("do-jobs", seen.plan.jobs.length, applyPlan(seen.plan, tools))) {
    tellJob(outcome, told);
    done.push(endOf(outcome));
    if (!outcome.job.needsRestart || !outcome.hasChanged || state.restartDue) continue;
    state.restartDue = true; // remembered at once: a kill before the restart must not lose it
    writeState(disk, statePath, { ...readState(statePath).state, restartDue: true }, { sync: true });
  }
  const extra: Outcome[] = [];
  const spared: Spared[] = [];
  if (seen.mayRestart && state.restartDue && !world.signal.aborted)
    await restart(state, tools, seen.clocks.wallMs, extra, spared);
  for await (const pruned of prune(seen, done, tools)) {
    const { step, result, detail } = pruned;
    note(journal, "end", { kind: step.kind, result, ...detail });
    extra.push(pruned);
  }
  const plan = { ...seen.plan, spared: [...seen.plan.spared, ...spared] };
  const report = buildReport({ ...seen, plan }, told, extra);
  report.findings.push(...mended.map((finding) => reportFinding(finding, true)));
  try {
    if (isKept) {
      writeState(disk, statePath, remember(seen, state, done, report, context), { sync: true });
      (await sampleOf(seen))?.(disk, statePath);
      if (seen.cursors) writeCursors(disk, cursorsPathOf(statePath), seen.cursors, seen.before.cursorsText);
    }
    const finished = done.filter(({ isFinished }) => isFinished).length;
    journal.write("run-end", { installation: installation.name, done: finished });
  } catch (error) {
    return { ...report, failure: describeFailure(error) }; // what was done is told all the same
  }
  return report;
}

/** Each command lets go of its own archives only, once it has made new ones. */
async function* prune(
  { retention }: Awaited<ReturnType<Duty>>,
  done: readonly JobEnd[],
  tools: Tools,
): AsyncGenerator<Outcome> {
  if (tools.command === "archive") {
    for (const folder of retention?.folders ?? [])
      yield* await retain(folder, retention?.distrusted ?? new Set(), tools);
    return;
  }
  for (const { transcript, hasChanged } of done) {
    if (hasChanged && transcript && !tools.signal.aborted) yield* await pruneArchives(transcript, tools);
  }
}

/** Tells the journal of what is done already: a full disk must not make a failure of it. */
function note(journal: Journal, event: string, facts: Record<string, unknown>): void {
  try {
    journal.write(event, facts);
  } catch {
    // the catalog tells of it, too
  }
}

/** Restarts the gateway once, within the limits that its owner set. */
async function restart(
  state: InstallationState,
  tools: Tools,
  nowMs: number,
  outcomes: Outcome[],
  spared: Spared[],
): Promise<void> {
  const { gateway } = tools.installation.settings;
  const { restart: command, maxRestarts } = gateway;
  const lately = restartsLately(state.restarts, gateway, nowMs);
  state.restartDue = false;
  if (!command) {
    spared.push({ because: "no-restart-command", findings: [] });
  } else if (lately.length >= maxRestarts) {
    const detail = `${lately.length} times lately already, and gateway.maxRestarts is ${maxRestarts}`;
    spared.push({ because: "restart-limit", detail, findings: [] });
    state.restartDue = true; // a run within the limit makes it up
  } else {
    tools.journal.write("begin", { kind: "restart-gateway" });
    const outcome = await during("restart-gateway", undefined, () => restartGateway(tools));
    tools.journal.write("end", { kind: "restart-gateway", result: outcome.result, ...outcome.detail });
    outcomes.push(outcome);
    if (outcome.result !== "busy") lately.push(nowMs);
    state.restartDue = outcome.result !== "done"; // the next run tries again, within the limit
  }
  state.restarts = lately;
}
