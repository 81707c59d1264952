import { loadSettings } from "../config/load.ts";
import type { Settings } from "../config/settings.ts";
import type { InstallationReport, ReportedFailure, SetupReport } from "../report/document.ts";
import { checkMachine } from "./check-machine.ts";
import { describeFailure, lookForAll } from "./prospects.ts";
import type { Request, World } from "./run.ts";
import { lookAfterAll } from "./side-by-side.ts";

type Checked = SetupReport & { installations: InstallationReport[]; error?: ReportedFailure };

/**
 * Goes through the checklist: the machine first, then each installation. A configuration that cannot be accepted is told, and
 * what can be looked at without it is looked at all the same.
 */
export async function checkSetup(context: { request: Request; world: World; runId: string }): Promise<Checked> {
  const { request, world, runId } = context;
  let settings: Settings | undefined;
  let error: ReportedFailure | undefined;
  try {
    settings = await loadSettings(request.flags, world.surroundings);
  } catch (thrown) {
    error = describeFailure(thrown);
  }
  const { checks, searchPath } = await checkMachine(settings, context);
  if (!settings) return { checks, installations: [], ...(error ? { error } : {}) };
  const asked: Request = { ...request, setup: { verb: "check", searchPath } };
  const prospects = await lookForAll(settings, world.surroundings);
  return { checks, installations: await lookAfterAll(prospects, { request: asked, world, settings, runId }) };
}
