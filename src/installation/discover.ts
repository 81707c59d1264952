import { join, sep } from "node:path";
import type { InstallationSettings } from "../config/settings.ts";
import { defaultLogs } from "./default-logs.ts";
import { findOpenClaw } from "./find-openclaw.ts";
import { homeAt } from "./home-at.ts";
import type { ClaudeHome, Installation } from "./installation.ts";
import { findLocks } from "./locks.ts";
import { mapPath, realPathOr, unmapPath } from "./paths.ts";
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
  asked: InstallationSettings,
  surroundings: Surroundings,
  scope: Scope = "transcripts",
  before?: Installation,
): Promise<Installation> {
  const unreadable: Installation["unreadable"] = [];
  const openclawHome = homeAt(asked.openclaw?.home, "OpenClaw", asked.configured.openclaw);
  const claudeHome = homeAt(asked.claude?.home, "Claude Code", asked.configured.claude);
  const claude: ClaudeHome | null = claudeHome ? { home: claudeHome, projects: join(claudeHome, "projects") } : null;
  const found = await findOpenClaw(openclawHome, asked, surroundings, unreadable, before);
  const { openclaw, registries, paths, containerPaths } = found;
  const settings = { ...asked, paths };
  const workspaces = findWorkspaces(settings, openclaw, found.userHome);
  const leftBehind: string[] = [];
  const locks = scope === "locks" ? findLocks({ claude, registries, leftBehind, unreadable }) : [];
  const transcripts =
    scope === "locks"
      ? []
      : findTranscripts({
          claude,
          registries,
          workspaces: [...workspaces, ...workspaces.map((path) => unmapPath(path, paths))],
          paths,
          leftBehind,
          unreadable,
        });
  return {
    name: settings.name,
    settings,
    ...(containerPaths ? { containerPaths } : {}),
    openclaw,
    claude,
    workspaces: workspaces.map((path) => realPathOr(mapPath(path, paths))),
    logs: settings.gateway.logs ?? (openclaw ? defaultLogs(openclaw, paths) : []),
    registries,
    transcripts,
    locks,
    neighbours: [],
    unseenNeighbours: [],
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
