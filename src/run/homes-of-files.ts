import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import type { Settings } from "../config/settings.ts";
import { KeeperError } from "../errors.ts";
import { realPathOr } from "../installation/paths.ts";

/** The homes that files lie in, at any depth; undefined where they lie in none. */
export type HomesOfFiles = { claude: string | undefined; openclaw: string | undefined };

const CONFIGURATIONS = ["openclaw.json", "clawdbot.json", "moltbot.json", "moldbot.json"];
const DATABASE = join("agent", "openclaw-agent.sqlite");

/**
 * Finds the homes that files lie in: a configured one, or what shows by its folders to be one. The rules of a home hold for
 * all that lies in it, whoever named it.
 *
 * @throws KeeperError `usage` for files of more than one home of a program
 */
export function findHomesOfFiles(paths: readonly string[], { installations }: Settings): HomesOfFiles {
  const configured = {
    claude: installations.flatMap(({ claude }) => (claude ? realPathOr(claude.home) : [])),
    openclaw: installations.flatMap(({ openclaw }) => (openclaw ? realPathOr(openclaw.home) : [])),
  };
  return {
    claude: only(
      "Claude Code",
      paths.flatMap((path) => holding(path, configured.claude) ?? above(path, "projects", isClaudeProject) ?? []),
    ),
    openclaw: only(
      "OpenClaw",
      paths.flatMap((path) => holding(path, configured.openclaw) ?? above(path, "agents", isOpenClawHome) ?? []),
    ),
  };
}

function only(program: string, homes: readonly string[]): string | undefined {
  const [home, ...others] = new Set(homes);
  if (others.length === 0) return home;
  throw new KeeperError(
    "usage",
    `these transcripts belong to more than one ${program} home`,
    "nothing was looked at; name those of one home at a time",
  );
}

function holding(path: string, homes: readonly string[]): string | undefined {
  return homes.find((home) => path.startsWith(home + sep));
}

/** The folder above the nearest one of that name on the way up, if it is a home. */
function above(path: string, name: string, isHome: (home: string, below: string) => boolean): string | undefined {
  for (let [below, folder] = [path, dirname(path)]; folder !== below; [below, folder] = [folder, dirname(folder)])
    if (basename(folder) === name && isHome(dirname(folder), basename(below))) return dirname(folder);
  return undefined;
}

/** Project folders are named after absolute paths. */
function isClaudeProject(_home: string, project: string): boolean {
  return project.startsWith("-");
}

/** Something in it shows that a gateway works there: its configuration, a registry, or an agent's database. */
function isOpenClawHome(home: string): boolean {
  if (CONFIGURATIONS.some((name) => existsSync(join(home, name)))) return true;
  const agents = join(home, "agents");
  return readdirSync(agents).some(
    (agent) =>
      existsSync(join(agents, agent, "sessions", "sessions.json")) || existsSync(join(agents, agent, DATABASE)),
  );
}
