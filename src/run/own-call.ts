import { realpathSync } from "node:fs";
import { delimiter, dirname, isAbsolute, resolve } from "node:path";
import type { Flags, Surroundings } from "../config/load.ts";
import { absolutePath, logSource } from "../config/paths.ts";
import { findProgram } from "../host/find-program.ts";
import { placesIn, shellWord } from "../report/places.ts";
import { leadingVariables } from "../setup/configuration-facts.ts";
import type { Call } from "../setup/cron-lines.ts";

/** How this very program is started: by words that are absolute paths, or by its name where `folders` are searched. */
type OwnProgram = { words: string[]; name?: string; folders: string[] };

/** Where this process has its program from. */
export function ownProgram({ env, cwd }: Surroundings): OwnProgram {
  const searchPath = (env.PATH ?? "").split(delimiter).filter(isAbsolute).join(delimiter);
  const node = samePath(findProgram("node", searchPath), process.execPath);
  const script = realpathSync(resolve(cwd, process.argv[1] ?? ""));
  const named = findProgram("session-keeper", searchPath);
  const isNamed = named !== undefined && realpathSync(named) === script;
  const isOneFile = script === realpathSync(process.execPath);
  return {
    words: isOneFile ? [script] : [node, script],
    ...(isNamed ? { name: "session-keeper" } : {}),
    folders: [dirname(node), ...(isNamed ? [dirname(named)] : [])],
  };
}

/** How cron is to call this program, so that it comes to the same homes as this run. */
export function ownCall(surroundings: Surroundings, flags: Flags): Call {
  const { words, name, folders } = ownProgram(surroundings);
  const script = words.at(-1) ?? "";
  const byPath = findProgram(script, "") === undefined ? words : [script];
  const variables = Object.entries(leadingVariables(surroundings.env));
  return {
    program: name ?? byPath.map(shellWord).join(" "),
    folders,
    variables: variables.map(([variable, value]) => `${variable}=${shellWord(value)} `).join(""),
    places: placesIn(absoluteFlags(flags, surroundings)),
  };
}

/** The flags that say where things are, for somebody who starts in another folder. */
export function absoluteFlags(flags: Flags, base: Surroundings): Flags {
  const absolute = (path: string | undefined) => (path === undefined ? undefined : absolutePath(path, base));
  const { config, openclawHome, claudeHome, gatewayLog, archiveDir, stateDir } = flags;
  return {
    ...flags,
    config: absolute(config),
    openclawHome: absolute(openclawHome),
    claudeHome: absolute(claudeHome),
    gatewayLog: gatewayLog?.map((log) => logSource(log, base)),
    archiveDir: absolute(archiveDir),
    stateDir: absolute(stateDir),
  };
}

/** The first path, where both are names of one file: such a name outlives an upgrade. */
function samePath(name: string | undefined, real: string): string {
  return name !== undefined && realpathSync(name) === realpathSync(real) ? name : real;
}
