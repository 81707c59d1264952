import type { JobOutcome } from "../apply/apply.ts";
import type { Settings } from "../config/settings.ts";
import type { Disk } from "../disk/disk.ts";
import { type Clocks, readClocks } from "../host/host.ts";
import { rememberLogs } from "../inspect/gateway-log.ts";
import { inspectForRotation, type RotationFacts } from "../inspect/rotation.ts";
import type { Installation } from "../installation/installation.ts";
import type { Plan } from "../plan/plan.ts";
import { planRotation } from "../plan/rotate.ts";
import type { InstallationReport } from "../report/document.ts";
import { rememberTold } from "../report/told.ts";
import { brakeReason } from "../state/brake.ts";
import { type InstallationState, readState } from "../state/state.ts";
import type { Request, World } from "./run.ts";
import { isRestartMissing, stillUnderway } from "./underway.ts";

/** What a run on one installation is given. */
export type RotationContext = {
  request: Request;
  world: World;
  settings: Settings;
  runId: string;
  /** log sources that more than one installation reads */
  sharedLogs: ReadonlySet<string>;
  /** another disk than the real one: for tests of what happens when it fails */
  disk?: Disk;
};

/** What was seen and decided, and what was remembered from before. */
export type Look = {
  installation: Installation;
  facts: RotationFacts;
  plan: Plan;
  state: InstallationState;
  /** the state file as it was read, to notice that another run wrote it meanwhile */
  stateText: string;
  clocks: Clocks;
};

export type RotationReport = Pick<InstallationReport, "findings" | "actions" | "spared" | "isToldAlready" | "failure">;

/** Looks at one installation and decides what is to be done. Changes nothing. */
export async function look(installation: Installation, statePath: string, context: RotationContext): Promise<Look> {
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
  const policy = { rotate: settings.rotate, force: request.force, ...(brake ? { brake } : {}) };
  return { installation, facts, plan: planRotation(installation, facts, policy), state, stateText: text, clocks };
}

/** True when there is something to do now: not for sessions that have to wait. */
export function hasWork({ plan, state, installation }: Look): boolean {
  return (
    plan.jobs.some(({ wait }) => wait === undefined) ||
    state.restartDue ||
    state.underway.some(isRestartMissing) ||
    installation.leftBehind.length > 0
  );
}

/** What the next run has to know: how far the logs were read, which lines are still open, and what was told. */
export function nextState(
  { installation, state, facts, clocks, plan }: Look,
  done: readonly JobOutcome[],
  report: RotationReport,
  { request, settings }: RotationContext,
): InstallationState {
  const finished = done.filter(({ isFinished }) => isFinished).map(({ job }) => job.transcript.path);
  const personal = plan.spared
    .filter(({ because }) => because === "personal" || because === "personal-below-limit")
    .flatMap(({ transcript }) => transcript?.path ?? []);
  const remembered = rememberLogs(state, facts.logs, new Set([...finished, ...personal]), clocks.wallMs);
  const next = { ...remembered, clocks, underway: stillUnderway(state.underway, done, installation.transcripts) };
  return request.cron ? rememberTold(next, report, clocks.wallMs, settings.notify.repeatAfter) : next;
}
