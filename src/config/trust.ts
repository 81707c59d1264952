import type { Stats } from "node:fs";
import { statSync } from "node:fs";
import { dirname } from "node:path";
import { KeeperError } from "../errors.ts";
import type { Configuration } from "./schema.ts";

/** A configuration file where it really lies, with the state of the very file that was read. */
export type Origin = { realPath: string; stats: Stats };

/**
 * Lets commands pass only from files and folders that nobody but their owner can write to, the owner being `uid` or root:
 * otherwise whoever can write there would run commands as the user of the keeper. All files of a configuration count,
 * because they are merged. Only the folder itself is looked at, not those above.
 *
 * @throws KeeperError `config` with every fault: the path, the mode or owner found, and the remedy
 */
export function checkTrust(configuration: Configuration, origins: readonly Origin[], uid: number): void {
  const commands = listCommands(configuration);
  if (commands.length === 0) return;

  const folders = [...new Set(origins.map(({ realPath }) => dirname(realPath)))];
  const faults = [
    ...origins.map(({ realPath, stats }) => ({ path: realPath, stats, kind: "file" as const })),
    ...folders.map((path) => ({ path, stats: statSync(path), kind: "folder" as const })),
  ].flatMap((place) => findFaults(place, uid));
  if (faults.length === 0) return;

  throw new KeeperError(
    "config",
    [...faults.map(({ fault }) => fault), `commands from there are not accepted: ${commands.join(", ")}`].join("\n"),
    `nothing was done; ${[...new Set(faults.map(({ remedy }) => remedy))].join("; ")}`,
  );
}

/** The keys that hold a command. */
function listCommands({ installations, rotate, notify }: Configuration): string[] {
  const commands: Record<string, string[] | null> = {};
  for (const [name, { gateway }] of Object.entries(installations)) {
    commands[`installations.${name}.gateway.restart`] = gateway.restart;
    commands[`installations.${name}.gateway.health`] = gateway.health;
  }
  commands["rotate.summarize"] = rotate.summarize;
  commands["notify.command"] = notify.command;
  return Object.keys(commands).filter((key) => commands[key] !== null);
}

type Place = { path: string; stats: Stats; kind: "file" | "folder" };

function findFaults({ path, stats, kind }: Place, uid: number): { fault: string; remedy: string }[] {
  const mode = stats.mode & 0o7777;
  const shown = mode.toString(8).padStart(4, "0");
  const faults: { fault: string; remedy: string }[] = [];
  if (stats.uid !== uid && stats.uid !== 0) {
    faults.push({
      fault: `${path}: the ${kind} belongs to user ${stats.uid}, neither to this user (${uid}) nor to root; mode ${shown}`,
      remedy: `chown ${uid} ${path}`,
    });
  }
  if ((mode & 0o022) !== 0) {
    const shared = kind === "folder" && (mode & 0o1000) !== 0;
    faults.push({
      fault: `${path}: the ${kind} can be written to by others, mode ${shown}`,
      // The mode of a shared folder such as /tmp is right as it is: the file is in the wrong place.
      remedy: shared ? `move the configuration out of ${path} into a folder of your own` : `chmod go-w ${path}`,
    });
  }
  return faults;
}
