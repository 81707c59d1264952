import { loadSettings } from "../config/load.ts";
import { absolutePath } from "../config/paths.ts";
import { openDisk } from "../disk/disk.ts";
import { reportChange } from "../report/change-wording.ts";
import type { SetupReport } from "../report/document.ts";
import { placesIn } from "../report/places.ts";
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
  const linesFor = (searchPath: string) => linesOf(request, world, searchPath);
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

function linesOf({ flags }: Request, { surroundings }: World, searchPath: string): string[] {
  const absolute = (path: string | undefined) => (path === undefined ? undefined : absolutePath(path, surroundings));
  const places = placesIn({
    ...flags,
    config: absolute(flags.config),
    openclawHome: absolute(flags.openclawHome),
    claudeHome: absolute(flags.claudeHome),
    archiveDir: absolute(flags.archiveDir),
    stateDir: absolute(flags.stateDir),
  });
  const { env, cwd, uid } = surroundings;
  const call = ownCall({ script: process.argv[1] ?? "", node: process.execPath, env, cwd }, places);
  return cronLines(call, searchPath, uid === 0);
}
