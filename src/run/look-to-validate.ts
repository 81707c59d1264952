import { randomUUID } from "node:crypto";
import { readClocks } from "../host/host.ts";
import { inspectRegistries } from "../inspect/registry.ts";
import { planRegistryRepair } from "../plan/registry.ts";
import { rememberTold } from "../report/told.ts";
import { brakeReason } from "../state/brake.ts";
import { readState } from "../state/state.ts";
import type { Duty } from "./duty.ts";

/** Looks at the registries of one installation and decides, if it is asked to, what is put right. */
export const lookToValidate: Duty = async (installation, statePath, { request, world, settings }) => {
  const { state, text: stateText } = readState(statePath);
  const clocks = readClocks();
  const { repair, resolveStrays, restart } = request;
  const brake = repair ? brakeReason(state.clocks, clocks) : undefined;
  const { env, homeDirectory } = world.surroundings;
  const looking = { settings, nowMs: clocks.wallMs, brake, env, homeDirectory, signal: world.signal };
  const facts = await inspectRegistries(installation, looking);
  if (brake) facts.findings.push({ kind: "clock-stepped", severity: "error", evidence: { because: brake } });
  const plan = planRegistryRepair(installation, facts, {
    ...{ repair, resolveStrays },
    newId: randomUUID,
    nowMs: clocks.wallMs,
    ...(brake ? { brake } : {}),
  });
  // what a gateway has read broken it may go on with; any other change it notices, or makes itself
  const restoring = plan.jobs.filter(({ steps }) => steps.some(({ kind }) => kind === "restore-registry"));
  const isHeard = facts.gateway?.state === "up" && restoring.length > 0;
  for (const job of restoring) job.needsRestart = restart && isHeard;
  if (isHeard && !restart) plan.spared.push({ because: "restart-advised", findings: [] });
  return {
    installation,
    findings: facts.findings,
    plan,
    foreignPids: facts.foreignPids,
    state,
    clocks,
    hasWork: plan.jobs.some(({ wait }) => wait === undefined) || (repair && installation.leftBehind.length > 0),
    mayRestart: restart,
    remember(now, _done, report) {
      const next = repair ? { ...now, clocks } : now;
      return request.cron
        ? rememberTold(next, request.command, report, clocks.wallMs, settings.notify.repeatAfter)
        : next;
    },
    before: { stateText, cursorsText: "" },
  };
};
