import { describeError } from "../errors.ts";
import { homesOf } from "../installation/discover.ts";
import { readGatewayConfig } from "../installation/gateway-config.ts";
import type { Installation } from "../installation/installation.ts";
import { reportCheck } from "../report/check-wording.ts";
import type { ReportedCheck } from "../report/document.ts";
import { type Check, linesOf } from "../setup/check.ts";
import { checkClaude } from "../setup/claude-checks.ts";
import { gatherClaude } from "../setup/claude-facts.ts";
import { checkArchives, checkFiles } from "../setup/file-checks.ts";
import { gatherFiles } from "../setup/file-facts.ts";
import { checkGateway } from "../setup/gateway-checks.ts";
import { gatherGateway } from "../setup/gateway-facts.ts";
import { checkLogs } from "../setup/log-checks.ts";
import { gatherLogs } from "../setup/log-facts.ts";
import { checkOpenClaw } from "../setup/openclaw-checks.ts";
import { openClawSettings } from "../setup/openclaw-settings.ts";
import { foldersOf } from "./archive-folders.ts";
import { userNameOf } from "./check-machine.ts";
import type { DutyContext } from "./duty.ts";
import { stateDirectoryOf } from "./state-directory.ts";

/**
 * Goes through what runs need of one installation, as whoever this process is: where root looks after other people's homes,
 * that is a child process of their owner. Reads only.
 */
export async function checkInstallation(
  installation: Installation,
  searchPath: string,
  { settings, world }: Pick<DutyContext, "settings" | "world">,
): Promise<ReportedCheck[]> {
  if (homesOf(installation).length === 0) return [];
  const { surroundings } = world;
  const from = { searchPath, user: userNameOf(surroundings.uid), uid: surroundings.uid, env: surroundings.env };
  const gateway = await gatherGateway(installation, from);
  const logs = await gatherLogs(installation.logs, installation.settings.gateway.logs !== null, surroundings.env);
  const claude = await gatherClaude(installation, searchPath);
  const nowMs = Date.now();
  const checks = [
    ...checkPlaces(installation, { settings, world }, nowMs),
    ...checkLogs(logs, installation.openclaw !== null, gateway.gateway?.state === "up", nowMs),
    ...checkGateway(gateway),
    ...(await checkProgram(installation, { settings, world })),
    ...(claude ? checkClaude(claude, settings.archive.beforeClaudeSweep) : []),
  ];
  return checks.map(reportCheck);
}

type Context = Pick<DutyContext, "settings" | "world">;

function checkPlaces(installation: Installation, { settings, world }: Context, nowMs: number): Check[] {
  const stateDirectory = stateDirectoryOf(settings, world.surroundings);
  const { archiveFolders, misplaced } = foldersFor(installation, settings);
  const files = gatherFiles(installation, settings, { archiveFolders, stateDirectory });
  return [...checkFiles(files, nowMs), ...misplaced, ...checkArchives(files)];
}

/** A folder that is refused as a place for archives is a line of the checklist here, and no failure. */
function foldersFor(
  installation: Installation,
  settings: DutyContext["settings"],
): { archiveFolders: string[]; misplaced: Check[] } {
  try {
    return { archiveFolders: foldersOf(installation, settings), misplaced: [] };
  } catch (error) {
    const message = describeError(error);
    return { archiveFolders: [], misplaced: [linesOf("archives")("archive-misplaced", "error", { message })] };
  }
}

async function checkProgram({ openclaw, registries }: Installation, { settings, world }: Context): Promise<Check[]> {
  if (!openclaw) return [];
  const { home, config, era } = openclaw;
  const read =
    config.path === null ? { root: undefined } : await readGatewayConfig(config.path, world.surroundings.env);
  const facts = {
    home,
    era,
    hasRegistries: registries.some(({ registry }) => registry.problem !== "missing"),
    configPath: config.path,
    ...("problem" in read && read.problem !== undefined ? { problem: read.problem } : {}),
    settings: openClawSettings(read.root),
  };
  return checkOpenClaw(facts, { inactiveForMs: settings.archive.inactiveFor });
}
