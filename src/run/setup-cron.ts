import { loadSettings } from "../config/load.ts";
import { openDisk } from "../disk/disk.ts";
import { reportChange } from "../report/change-wording.ts";
import type { SetupReport } from "../report/document.ts";
import { cronLines } from "../setup/cron-lines.ts";
import { blockOf } from "../setup/crontab-block.ts";
import { installBlock, uninstallBlock } from "../setup/install-crontab.ts";
import { userNameOf } from "./check-machine.ts";
import { ownCall } from "./own-call.ts";
import type { Request, World } from "./run.ts";
import type { Deed } from "./setup.ts";
import { stateDirectoryOf } from "./state-directory.ts";

/** Prints the lines for the crontab, or keeps them in it. */
export async function setUpCron(
  deed: Deed,
  { request, world }: { request: Request; world: World },
): Promise<SetupReport> {
  const { surroundings } = world;
  const call = ownCall(surroundings, request.flags);
  const linesFor = (searchPath: string) => cronLines(call, searchPath, surroundings.uid === 0);
  if (deed === "print") return { text: blockOf(linesFor("")) };
  const user = userNameOf(surroundings.uid);
  const settings = await loadSettings(request.flags, surroundings);
  const tools = {
    disk: request.dryRun ? undefined : openDisk(),
    env: surroundings.env,
    user,
    stateDirectory: stateDirectoryOf(settings, surroundings),
  };
  const { result, backup } = await (deed === "install" ? installBlock(linesFor, tools) : uninstallBlock(tools));
  const kind = deed === "install" ? "crontab-lines-in" : "crontab-lines-out";
  return { changes: [reportChange({ kind, result, evidence: { user, ...(backup ? { backup } : {}) } })] };
}
