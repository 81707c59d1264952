import { readClocks } from "../host/host.ts";
import { rememberLogs } from "../inspect/gateway-log.ts";
import { inspectForRotation } from "../inspect/rotation.ts";
import { planRotation } from "../plan/rotate.ts";
import { rememberTold } from "../report/told.ts";
import { brakeReason } from "../state/brake.ts";
import { cursorsPathOf, readCursors } from "../state/cursors.ts";
import { readState } from "../state/state.ts";
import type { Duty } from "./duty.ts";
import { restartsLately } from "./restarts.ts";
import { isRestartMissing, stillUnderway, stillUnmendable } from "./underway.ts";

/** Looks at one installation and decides what is to be rotated or mended. Changes nothing. */
export const lookToRotate: Duty = async (installation, statePath, context) => {
  const { request, world, settings } = context;
  const { state, text: stateText } = readState(statePath);
  const { cursors, text: cursorsText } = readCursors(cursorsPathOf(statePath));
  const clocks = readClocks();
  const brake = brakeReason(state.clocks, clocks);
  const facts = await inspectForRotation(installation, {
    settings,
    state,
    cursors,
    nowMs: clocks.wallMs,
    brake,
    sharedLogs: context.sharedLogs,
    sessions: request.sessions,
    force: request.force,
    env: world.surroundings.env,
    signal: world.signal,
  });
  if (brake) facts.findings.push({ kind: "clock-stepped", severity: "error", evidence: { because: brake } });
  const { gateway } = installation.settings;
  const lately = restartsLately(state.restarts, gateway, clocks.wallMs);
  const mayRestart = gateway.restart !== null && lately.length < gateway.maxRestarts;
  const policy = { rotate: settings.rotate, force: request.force, mayRestart, ...(brake ? { brake } : {}) };
  const plan = planRotation(installation, facts, policy);
  const hasWork =
    plan.jobs.some(({ wait }) => wait === undefined) ||
    state.restartDue ||
    state.underway.some(isRestartMissing) ||
    installation.leftBehind.length > 0;
  return {
    installation,
    findings: facts.findings,
    plan,
    foreignPids: facts.foreignPids,
    state,
    clocks,
    hasWork,
    mayRestart: true,
    remember(now, done, report) {
      const finished = done.flatMap(({ isFinished, transcript }) => (isFinished && transcript ? transcript.path : []));
      const personal = plan.spared
        .filter(({ because }) => because === "personal" || because === "personal-below-limit")
        .flatMap(({ transcript }) => transcript?.path ?? []);
      const remembered = rememberLogs(now, facts.logs, new Set([...finished, ...personal]), clocks.wallMs);
      const underway = stillUnderway(now.underway, done, installation.transcripts);
      const unmendable = stillUnmendable(now.unmendable, done, installation.transcripts);
      const next = { ...remembered, clocks, underway, unmendable };
      return request.cron
        ? rememberTold(next, request.command, report, clocks.wallMs, settings.notify.repeatAfter)
        : next;
    },
    cursors: facts.cursors,
    before: { stateText, cursorsText },
  };
};
