import { join, sep } from "node:path";
import type { InstallationSettings } from "../config/settings.ts";
import { defaultLogs } from "./default-logs.ts";
import { decideEra } from "./era.ts";
import { eraWitnesses } from "./era-witnesses.ts";
import { gatewayPidOf } from "./gateway.ts";
import { homeAt } from "./home-at.ts";
import type { ClaudeHome, Installation, OpenClawHome } from "./installation.ts";
import { findLocks } from "./locks.ts";
import { readOpenClawConfig } from "./openclaw-config.ts";
import { mapPath, realPathOr, unmapPath } from "./paths.ts";
import { findRegistries } from "./registries.ts";
import { findTranscripts } from "./transcripts.ts";
import { findWorkspaces } from "./workspaces.ts";

/** What of the process's surroundings discovery depends on. */
export type Surroundings = { env: NodeJS.ProcessEnv; homeDirectory: string };

/** What of an installation a command is about: looking at each transcript of a large home costs a second. */
export type Scope = "transcripts" | "locks";

/**
 * Looks up everything that belongs to one installation. Reads only.
 *
 * @param scope which of the two is looked up; of the other nothing is told
 * @param before what was found earlier in this run
 * @throws KeeperError when a home that the person named is not there
 */
export async function discover(
  settings: InstallationSettings,
  { env, homeDirectory }: Surroundings,
  scope: Scope = "transcripts",
  before?: Installation,
): Promise<Installation> {
  const unreadable: Installation["unreadable"] = [];
  const openclawHome = homeAt(settings.openclaw?.home, "OpenClaw", settings.configured.openclaw);
  const claudeHome = homeAt(settings.claude?.home, "Claude Code", settings.configured.claude);
  const claude: ClaudeHome | null = claudeHome ? { home: claudeHome, projects: join(claudeHome, "projects") } : null;
  let openclaw: OpenClawHome | null = null;
  let registries: Installation["registries"] = [];
  if (openclawHome) {
    const isDefaultConfig =
      env.OPENCLAW_CONFIG_PATH && realPathOr(join(env.OPENCLAW_CONFIG_PATH, "..")) === openclawHome;
    const overridePath = isDefaultConfig ? env.OPENCLAW_CONFIG_PATH : undefined;
    const config = await readOpenClawConfig(openclawHome, env, overridePath);
    registries = findRegistries(openclawHome, config, settings.paths, homeDirectory, unreadable, before?.registries);
    const witnesses = eraWitnesses({
      home: openclawHome,
      config,
      registries,
      configuredVersion: settings.openclaw?.version ?? "auto",
      gatewayPid: gatewayPidOf(openclawHome),
      searchPath: env.PATH ?? "",
    });
    openclaw = { home: openclawHome, config, era: decideEra(witnesses) };
  }
  const workspaces = findWorkspaces(settings, openclaw, homeDirectory);
  const leftBehind: string[] = [];
  const locks = scope === "locks" ? findLocks({ claude, registries, leftBehind, unreadable }) : [];
  const transcripts =
    scope === "locks"
      ? []
      : findTranscripts({
          claude,
          registries,
          workspaces: [...workspaces, ...workspaces.map((path) => unmapPath(path, settings.paths))],
          paths: settings.paths,
          leftBehind,
          unreadable,
        });
  return {
    name: settings.name,
    settings,
    openclaw,
    claude,
    workspaces: workspaces.map((path) => realPathOr(mapPath(path, settings.paths))),
    logs: settings.gateway.logs ?? (openclaw ? defaultLogs(openclaw, settings.paths) : []),
    registries,
    transcripts,
    locks,
    neighbours: [],
    claimedElsewhere: [],
    leftBehind: leftBehind.filter((path) => openclaw?.era.era !== "S" || !path.startsWith(openclaw.home + sep)),
    folders: [],
    unreadable,
  };
}

/** The real paths that a run must hold its lock on. */
export function homesOf({ openclaw, claude, folders }: Installation): string[] {
  return [...new Set([openclaw?.home, claude?.home, ...folders].filter((home) => home !== undefined))];
}
