import { readClocks } from "../host/host.ts";
import { inspectForCorruption } from "../inspect/corruption.ts";
import { planRepair } from "../plan/repair.ts";
import { rememberTold } from "../report/told.ts";
import { brakeReason } from "../state/brake.ts";
import { cursorsPathOf, readCursors } from "../state/cursors.ts";
import { readState } from "../state/state.ts";
import type { Duty } from "./duty.ts";

/** Looks at the structure of one installation's transcripts and decides, if it is asked to, what is to be mended. */
export const lookForCorruption: Duty = async (installation, statePath, context) => {
  const { request, world, settings } = context;
  const { state, text: stateText } = readState(statePath);
  const { cursors, text: cursorsText } = readCursors(cursorsPathOf(statePath));
  const clocks = readClocks();
  const facts = await inspectForCorruption(installation, {
    settings,
    state,
    cursors,
    nowMs: clocks.wallMs,
    brake: brakeReason(state.clocks, clocks),
    sharedLogs: context.sharedLogs,
    errorText: request.errorText,
    isRepair: request.repair,
    env: world.surroundings.env,
    signal: world.signal,
  });
  const policy = { quietForMs: settings.rotate.quietFor, areNamed: request.files.length > 0 };
  const plan = request.repair ? planRepair(installation, facts, policy) : { jobs: [], spared: [] };
  return {
    installation,
    findings: facts.findings,
    plan,
    foreignPids: facts.foreignPids,
    state,
    clocks,
    hasWork: plan.jobs.some(({ wait }) => wait === undefined) || (request.repair && installation.leftBehind.length > 0),
    mayRestart: false,
    // the logs are read from where `rotate` left off, and stay there
    remember: (now, _done, report) =>
      request.cron ? rememberTold(now, request.command, report, clocks.wallMs, settings.notify.repeatAfter) : now,
    cursors: facts.cursors,
    before: { stateText, cursorsText },
  };
};
