import { userInfo } from "node:os";
import type { Settings } from "../config/settings.ts";
import { reportCheck } from "../report/check-wording.ts";
import type { ReportedCheck } from "../report/document.ts";
import { checkClock, gatherClock } from "../setup/clock.ts";
import { checkConfiguration, checkMail } from "../setup/configuration-checks.ts";
import { gatherConfiguration } from "../setup/configuration-facts.ts";
import { checkCron } from "../setup/cron-checks.ts";
import { gatherCron } from "../setup/cron-facts.ts";
import { CRON_PATH, seeAsCron } from "../setup/cron-sight.ts";
import { findOldKeepers } from "../setup/old-keepers.ts";
import { ownJobsIn } from "../setup/own-jobs.ts";
import { checkNode, checkSight } from "../setup/program-checks.ts";
import { checkTiming } from "../setup/timing-checks.ts";
import type { Request, World } from "./run.ts";

/** What concerns the machine as a whole. `searchPath`: the one that cron uses for our lines. */
export type MachineChecks = { checks: ReportedCheck[]; searchPath: string };

/**
 * Goes through what runs from cron need of the machine. Reads only.
 *
 * @param settings undefined: the configuration could not be accepted, which is told apart
 */
export async function checkMachine(
  settings: Settings | undefined,
  { request, world: { surroundings } }: { request: Request; world: World },
): Promise<MachineChecks> {
  const { env, homeDirectory, uid } = surroundings;
  const cron = await gatherCron(userNameOf(uid), env, homeDirectory);
  const own = ownJobsIn(cron.jobs);
  const seen = [];
  for (const one of own) seen.push({ own: one, sight: await seeAsCron(one, homeDirectory) });
  const tidings = {
    hasLog: settings?.log.file != null,
    hasNotification: settings?.notify.command != null || settings?.notify.webhook != null,
  };
  const configuration = settings ? await gatherConfiguration(request.flags.config, surroundings) : undefined;
  const checks = [
    checkNode(process.versions.node, process.execPath),
    ...checkSight(seen),
    ...checkCron(cron, own, findOldKeepers(cron.jobs)),
    ...checkTiming(own),
    ...checkMail(tidings, cron.hasMailer, own),
    ...(configuration ? checkConfiguration(configuration, own) : []),
    ...checkClock(await gatherClock(env)),
  ];
  return { checks: checks.map(reportCheck), searchPath: own[0]?.variables.PATH ?? env.PATH ?? CRON_PATH };
}

/** A user that this machine does not know by name, as in containers, has a number. */
export function userNameOf(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(uid);
  }
}
