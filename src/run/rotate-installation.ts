import { applyPlan, type JobOutcome } from "../apply/apply.ts";
import type { Outcome } from "../apply/outcome.ts";
import { pruneArchives } from "../apply/prune-archive.ts";
import { recoverSetAside } from "../apply/recover.ts";
import { restartGateway } from "../apply/restart-gateway.ts";
import type { Tools } from "../apply/tools.ts";
import type { Settings } from "../config/settings.ts";
import { openDisk } from "../disk/disk.ts";
import { type Clocks, readClocks } from "../host/host.ts";
import { rememberLogs } from "../inspect/gateway-log.ts";
import { inspectForRotation, type RotationFacts } from "../inspect/rotation.ts";
import { discover, homesOf } from "../installation/discover.ts";
import type { Installation } from "../installation/installation.ts";
import { acquireRunLock, holdRunLockBriefly } from "../locks/run-lock.ts";
import type { Plan, Spared } from "../plan/plan.ts";
import { planRotation } from "../plan/rotate.ts";
import { buildReport } from "../report/build.ts";
import type { InstallationReport } from "../report/document.ts";
import { rememberTold } from "../report/told.ts";
import { brakeReason } from "../state/brake.ts";
import { openJournal } from "../state/journal.ts";
import { type InstallationState, readState, statePathOf, writeState } from "../state/state.ts";
import type { Request, World } from "./run.ts";
import { stateDirectoryOf } from "./state-directory.ts";

export type RotationContext = {
  request: Request;
  world: World;
  settings: Settings;
  runId: string;
  sharedLogs: ReadonlySet<string>;
};

type Look = {
  installation: Installation;
  facts: RotationFacts;
  plan: Plan;
  state: InstallationState;
  stateText: string;
  clocks: Clocks;
};
type Report = Pick<InstallationReport, "findings" | "actions" | "spared" | "isToldAlready">;

/**
 * Looks after one installation. Without work it only leaves a mark of when it looked; with work it takes the run lock,
 * looks again, because the world may have changed while it waited, and does what is to be done.
 */
export async function rotateInstallation(installation: Installation, context: RotationContext): Promise<Report> {
  const { request, world, settings } = context;
  const stateDirectory = stateDirectoryOf(settings, world.surroundings);
  const homes = homesOf(installation);
  const statePath = statePathOf(stateDirectory, homes);
  const first = await look(installation, statePath, context);
  if (request.dryRun || homes.length === 0) return buildReport(first, [], [], settings);
  const disk = openDisk();
  if (!hasWork(first)) {
    const report = buildReport(first, [], [], settings);
    const next = nextState(first, [], report, context);
    const isMarked = holdRunLockBriefly(disk, stateDirectory, homes, () => {
      if (readState(statePath).text === first.stateText) writeState(disk, statePath, next, { sync: false });
    });
    if (isMarked) return report;
  }
  const stop = new AbortController();
  const lock = await acquireRunLock(disk, stateDirectory, homes, {
    waitMs: request.waitMs,
    onCompromised: () => stop.abort(),
  });
  try {
    const journal = openJournal(disk, stateDirectory, context.runId);
    const signal = AbortSignal.any([world.signal, stop.signal]);
    const tools = {
      disk,
      journal,
      settings,
      runId: context.runId,
      command: request.command,
      signal,
      env: world.surroundings.env,
      foreignPids: false,
    };
    return await work({ ...tools, installation }, statePath, { ...context, world: { ...world, signal } });
  } finally {
    await lock.release();
  }
}

/** The part of a run that changes something. */
async function work(tools: Tools, statePath: string, context: RotationContext): Promise<Report> {
  const { request, world, settings } = context;
  const { disk, journal } = tools;
  const rediscover = () => refresh(tools.installation, world);
  tools.installation = await rediscover();
  if (tools.installation.leftBehind.length > 0) {
    await recoverSetAside(tools);
    tools.installation = await rediscover();
  }
  const seen = await look(tools.installation, statePath, context);
  tools.foreignPids = seen.facts.foreignPids;
  journal.write("run-begin", {
    command: request.command,
    installation: tools.installation.name,
    jobs: seen.plan.jobs.length,
  });
  const done: JobOutcome[] = [];
  const state = { ...seen.state };
  for await (const outcome of applyPlan(seen.plan, tools)) {
    done.push(outcome);
    if (!outcome.job.needsRestart || !outcome.hasChanged || state.restartDue) continue;
    state.restartDue = true; // remembered at once: a kill before the restart must not lose it
    writeState(disk, statePath, { ...readState(statePath).state, restartDue: true }, { sync: true });
  }
  const extra: Outcome[] = [];
  const spared: Spared[] = [];
  if (state.restartDue && !world.signal.aborted) await restart(state, tools, seen.clocks.wallMs, extra, spared);
  for (const { job, hasChanged } of done)
    if (hasChanged && !world.signal.aborted) extra.push(...(await pruneArchives(job.transcript, tools)));
  const report = buildReport(
    { ...seen, plan: { ...seen.plan, spared: [...seen.plan.spared, ...spared] } },
    done,
    extra,
    settings,
  );
  writeState(disk, statePath, nextState({ ...seen, state }, done, report, context), { sync: true });
  journal.write("run-end", {
    installation: tools.installation.name,
    done: done.filter(({ isFinished }) => isFinished).length,
  });
  return report;
}

async function restart(
  state: InstallationState,
  tools: Tools,
  nowMs: number,
  outcomes: Outcome[],
  spared: Spared[],
): Promise<void> {
  const { gateway } = tools.installation.settings;
  const lately = state.restarts.filter((at) => nowMs - at < gateway.per && at <= nowMs);
  state.restartDue = false;
  if (!gateway.restart) {
    spared.push({ because: "no-restart-command", findings: [] });
  } else if (lately.length >= gateway.maxRestarts) {
    spared.push({
      because: "restart-limit",
      detail: `${lately.length} times lately already, and gateway.maxRestarts is ${gateway.maxRestarts}`,
      findings: [],
    });
  } else {
    tools.journal.write("begin", { kind: "restart-gateway" });
    const outcome = await restartGateway(tools);
    tools.journal.write("end", { kind: "restart-gateway", result: outcome.result, ...outcome.detail });
    outcomes.push(outcome);
    lately.push(nowMs);
  }
  state.restarts = lately;
}

async function look(installation: Installation, statePath: string, context: RotationContext): Promise<Look> {
  const { request, world, settings } = context;
  const { state, text } = readState(statePath);
  const clocks = readClocks();
  const facts = await inspectForRotation(installation, {
    settings,
    state,
    nowMs: clocks.wallMs,
    sharedLogs: context.sharedLogs,
    sessions: request.sessions,
    force: request.force,
    env: world.surroundings.env,
    signal: world.signal,
  });
  const brake = brakeReason(state.clocks, clocks);
  if (brake) facts.findings.push({ kind: "clock-stepped", severity: "error", evidence: { because: brake } });
  const plan = planRotation(installation, facts, {
    rotate: settings.rotate,
    force: request.force,
    ...(brake ? { brake } : {}),
  });
  return { installation, facts, plan, state, stateText: text, clocks };
}

function hasWork({ plan, state, installation }: Look): boolean {
  return plan.jobs.some(({ wait }) => wait === undefined) || state.restartDue || installation.leftBehind.length > 0;
}

/** What the next run has to know: how far the logs were read, which lines are still open, and what was told. */
function nextState(
  { state, facts, clocks, plan }: Look,
  done: readonly JobOutcome[],
  report: Report,
  { request, settings }: RotationContext,
): InstallationState {
  const finished = done.filter(({ isFinished }) => isFinished).map(({ job }) => job.transcript.path);
  const personal = plan.spared
    .filter(({ because }) => because === "personal" || because === "personal-below-limit")
    .flatMap(({ transcript }) => transcript?.path ?? []);
  const next = { ...rememberLogs(state, facts.logs, new Set([...finished, ...personal]), clocks.wallMs), clocks };
  return request.cron ? rememberTold(next, report, clocks.wallMs, settings.notify.repeatAfter) : next;
}

/** Looks the installation up again, without what another installation looks after. */
async function refresh(installation: Installation, world: World): Promise<Installation> {
  const claimed = new Set(installation.claimedElsewhere);
  const now = await discover(installation.settings, world.surroundings);
  const transcripts = now.transcripts.filter(({ path }) => !claimed.has(path));
  return { ...now, name: installation.name, claimedElsewhere: installation.claimedElsewhere, transcripts };
}
