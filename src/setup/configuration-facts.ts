import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { findConfiguration, type SearchPlaces } from "../config/find.ts";

/** What settings come from. `otherFiles`: those of the system, which the user's own file leaves unread. */
export type ConfigurationFacts = {
  files: { path: string; mode: number; hasAddresses: boolean; atDefaults: string[] }[];
  otherFiles: string[];
  /** variables that lead this process to its files, with their values */
  variables: Record<string, string>;
};

/** The variables by which runs find configuration, state and homes. */
const LEADING = [
  "SESSION_KEEPER_CONFIG",
  "XDG_CONFIG_HOME",
  "XDG_STATE_HOME",
  "OPENCLAW_STATE_DIR",
  "CLAWDBOT_STATE_DIR",
  "OPENCLAW_HOME",
  "OPENCLAW_PROFILE",
  "OPENCLAW_CONFIG_PATH",
  "CLAUDE_CONFIG_DIR",
] as const;

/**
 * Looks at the configuration files that are in effect.
 *
 * @throws KeeperError `config` when they cannot be looked for
 */
export async function gatherConfiguration(
  named: string | undefined,
  places: SearchPlaces,
): Promise<ConfigurationFacts> {
  const files = findConfiguration(named, places) ?? [];
  const { default: json5 } = await import("json5");
  const { keysAtDefaults } = await import("../config/at-defaults.ts");
  const system = systemFiles(places.systemDirectory).filter((path) => !files.includes(path));
  return {
    files: files.map((path) => {
      const content = parsed(path, json5.parse);
      return {
        path,
        mode: statSync(path).mode & 0o777,
        hasAddresses: /"(?:webhook|url)":"/.test(JSON.stringify(content) ?? ""),
        atDefaults: content === undefined ? [] : atDefaults(content, keysAtDefaults),
      };
    }),
    otherFiles: files.length > 0 ? system : [],
    variables: leadingVariables(places.env),
  };
}

/** Those of the variables by which runs find their files that are set here. Pure. */
export function leadingVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(LEADING.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}

/** A file that cannot be read or accepted is told of as what went wrong with the run. */
function parsed(path: string, parse: (text: string) => unknown): unknown {
  try {
    return parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function atDefaults(content: unknown, keysAtDefaults: (content: unknown) => string[]): string[] {
  try {
    return keysAtDefaults(content);
  } catch {
    return [];
  }
}

function systemFiles(directory: string): string[] {
  const file = join(directory, "config.json5");
  const folder = join(directory, "conf.d");
  const dropIns = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json5")) : [];
  return [...(existsSync(file) ? [file] : []), ...dropIns.map((name) => join(folder, name))];
}
