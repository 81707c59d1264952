import { readClocks } from "../host/host.ts";
import { inspectLocks } from "../inspect/locks.ts";
import { planLocks } from "../plan/locks.ts";
import { rememberTold } from "../report/told.ts";
import { brakeReason } from "../state/brake.ts";
import { readState } from "../state/state.ts";
import type { Duty } from "./duty.ts";

/** Looks at the locks of one installation and decides which of them go. */
export const lookForLocks: Duty = async (installation, statePath, { request, world, settings }) => {
  const { state, text: stateText } = readState(statePath);
  const clocks = readClocks();
  const facts = await inspectLocks(installation, { settings, nowMs: clocks.wallMs, signal: world.signal });
  const brake = brakeReason(state.clocks, clocks);
  if (brake) facts.findings.push({ kind: "clock-stepped", severity: "error", evidence: { because: brake } });
  const plan = planLocks(facts, { force: request.force, ...(brake ? { brake } : {}) });
  return {
    installation,
    findings: facts.findings,
    plan,
    foreignPids: facts.foreignPids,
    state,
    clocks,
    hasWork: plan.jobs.length > 0 || installation.leftBehind.length > 0,
    mayRestart: false,
    remember(now, _done, report) {
      const next = { ...now, clocks };
      return request.cron
        ? rememberTold(next, request.command, report, clocks.wallMs, settings.notify.repeatAfter)
        : next;
    },
    before: { stateText, cursorsText: "" },
  };
};
