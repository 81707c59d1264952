import { join, sep } from "node:path";
import { readClocks } from "../host/host.ts";
import { inspectForArchive } from "../inspect/archive.ts";
import type { Installation } from "../installation/installation.ts";
import { planArchive } from "../plan/archive.ts";
import { rememberTold } from "../report/told.ts";
import { brakeReason } from "../state/brake.ts";
import { readState } from "../state/state.ts";
import { foldersOf } from "./archive-folders.ts";
import type { Duty } from "./duty.ts";

/** In the home of an OpenClaw that keeps its sessions in SQLite nothing is written, our own archives included. */
function isClosed(folder: string, { openclaw }: Installation): boolean {
  return openclaw?.era.era === "S" && folder.startsWith(openclaw.home + sep);
}

/** Looks for idle sessions, leftovers and archives that are too many in one installation, and decides what becomes of them. */
export const lookToArchive: Duty = async (installation, statePath, { request, world, settings }) => {
  const { state, text: stateText } = readState(statePath);
  const clocks = readClocks();
  const brake = brakeReason(state.clocks, clocks);
  const archiveFolders = foldersOf(installation, settings).filter((folder) => !isClosed(folder, installation));
  const { env } = world.surroundings;
  const looking = { settings, archiveFolders, nowMs: clocks.wallMs, brake, env, signal: world.signal };
  const facts = await inspectForArchive(installation, looking);
  if (brake) facts.findings.push({ kind: "clock-stepped", severity: "error", evidence: { because: brake } });
  const plan = planArchive(installation, facts, brake ? { brake } : {});
  const falling = brake ? [] : facts.falling.map(({ folder, record }) => join(folder, record.archive));
  if (falling.length > 0)
    plan.jobs.push({ findings: [], steps: [], force: false, prunes: falling, needsRestart: false });
  return {
    installation,
    findings: facts.findings,
    plan,
    foreignPids: facts.foreignPids,
    state,
    clocks,
    hasWork: plan.jobs.some(({ wait }) => wait === undefined) || installation.leftBehind.length > 0,
    mayRestart: false,
    ...(brake ? {} : { retention: { folders: archiveFolders, distrusted: facts.distrusted } }),
    remember(now, _done, report) {
      const next = { ...now, clocks };
      return request.cron
        ? rememberTold(next, request.command, report, clocks.wallMs, settings.notify.repeatAfter)
        : next;
    },
    before: { stateText, cursorsText: "" },
  };
};
