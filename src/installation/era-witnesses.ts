import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { pathInProcess } from "../host/path-in-process.ts";
import { argvOf } from "../host/processes.ts";
import { type EraWitness, eraOfVersion } from "./era.ts";
import type { AgentRegistry } from "./installation.ts";
import type { OpenClawConfig } from "./openclaw-config.ts";
import { realPathOr } from "./paths.ts";
import { schemaNumberOf } from "./sqlite-schema.ts";

/** Session tables live in the agent database from this schema number on; below it the database holds caches only. */
const SQLITE_SESSIONS_SCHEMA = 4;
const PACKAGE_NAMES = new Set(["openclaw", "clawdbot", "moltbot"]);

/** Everything that tells which release wrote this state folder. Reads only; what can't be read is no witness. */
export function eraWitnesses(from: {
  home: string;
  config: OpenClawConfig;
  configuredVersion: string;
  registries: readonly AgentRegistry[];
  gatewayPid: number | undefined;
  searchPath: string;
}): EraWitness[] {
  const witnesses: EraWitness[] = [];
  const add = (source: EraWitness["source"], version: string | undefined) => {
    const era = version === undefined ? undefined : eraOfVersion(version);
    if (era && version) witnesses.push({ source, era, version });
  };
  if (from.configuredVersion !== "auto") add("configured", from.configuredVersion);
  add("lastTouched", from.config.lastTouchedVersion);
  // a gateway that set its process title hides its path; then the command on the PATH has to do
  const running = from.gatewayPid === undefined ? undefined : packageOfProcess(from.gatewayPid);
  if (running) add("gateway", running.version);
  else add("path", packageOnPath(from.searchPath)?.version);
  if (hasSessionTables(from.home)) witnesses.push({ source: "disk", era: "S" });
  for (const era of lowerBounds(from)) witnesses.push({ source: "disk", era, atLeast: true });
  return witnesses;
}

/** Whether an agent database holds the sessions, by its schema number. What cannot be made out of its log may be a newer one. */
function hasSessionTables(home: string): boolean {
  return folders(join(home, "agents")).some((agent) => {
    const database = join(home, "agents", agent, "agent", "openclaw-agent.sqlite");
    return existsSync(database) && (schemaNumberOf(database) ?? SQLITE_SESSIONS_SCHEMA) >= SQLITE_SESSIONS_SCHEMA;
  });
}

/** Fields and folders that older releases don't write. */
function lowerBounds({ home, registries }: { home: string; registries: readonly AgentRegistry[] }): ("F2" | "F3b")[] {
  const bounds: ("F2" | "F3b")[] = [];
  if (registries.some(({ registry }) => registry.text.includes('"cliSessionBindings"'))) bounds.push("F2");
  const agents = folders(join(home, "agents"));
  const hasDatabase = agents.some((agent) => existsSync(join(home, "agents", agent, "agent", "openclaw-agent.sqlite")));
  const hasSharedPrompts = registries.some(({ sessions }) => existsSync(join(sessions, "skills-prompts")));
  if (hasDatabase || hasSharedPrompts) bounds.push("F3b");
  return bounds;
}

/** A package of the gateway on this disk: its folder, and its commands by name, as the package's description has them. */
export type GatewayPackage = { version: string; folder: string; commands: Record<string, string> };

/**
 * The package that a process runs, through its script's path up to the package's description. A gateway that set its process
 * title hides that path, but works in its package's folder where a container starts it there.
 */
export function packageOfProcess(pid: number): GatewayPackage | undefined {
  const script = argvOf(pid).find((argument) => SCRIPT.test(argument));
  const file = pathInProcess(pid, script ?? "package.json");
  return file === undefined ? undefined : packageAbove(file);
}

const SCRIPT =
  /^\/.*\/(openclaw|clawdbot|moltbot)(\/|\.mjs$|$)|(^|\/)(openclaw|clawdbot|moltbot)\.mjs$|(^|\/)dist\/(entry|index)\.m?js$/;

/** The package of the first command of that name in a list of folders such as PATH. */
export function packageOnPath(searchPath: string): GatewayPackage | undefined {
  for (const folder of searchPath.split(delimiter)) {
    for (const name of PACKAGE_NAMES) {
      const command = join(folder, name);
      if (folder && existsSync(command)) return packageAbove(realPathOr(command));
    }
  }
  return undefined;
}

/** @param path without links */
function packageAbove(path: string): GatewayPackage | undefined {
  try {
    let folder = dirname(path);
    for (let depth = 0; depth < 6; depth += 1, folder = dirname(folder)) {
      const description = join(folder, "package.json");
      if (!existsSync(description)) continue;
      const { name, version, bin } = JSON.parse(readFileSync(description, "utf8")) as Record<string, unknown>;
      const commands = typeof bin === "object" && bin !== null ? (bin as Record<string, string>) : {};
      if (typeof name === "string" && PACKAGE_NAMES.has(name) && typeof version === "string")
        return { version, folder, commands };
    }
  } catch {
    // not readable for us: no witness
  }
  return undefined;
}

function folders(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
