import { accessSync, constants, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { realPathOr } from "./paths.ts";

/**
 * The real path of a home.
 *
 * @param isNamed a person named it, so that it has to be there
 * @returns undefined where there is none
 * @throws KeeperError when it is not there although it was named, is no folder, or cannot be looked into
 */
export function homeAt(path: string | undefined, program: string, isNamed: boolean): string | undefined {
  if (path === undefined) return undefined;
  const stats = statOf(path);
  const home = `the ${program} home ${path}`;
  if (stats === "closed") {
    const closed = closedAbove(path);
    throw new KeeperError(
      "failed",
      `${home} cannot be reached: ${whoWeAre()} may not go through ${closed}`,
      `nothing of this installation was looked at; let that user through (chmod o+x ${closed}), or run session-keeper where the home can be reached`,
    );
  }
  if (stats === undefined) {
    if (!isNamed) return undefined;
    throw new KeeperError(
      "failed",
      `${home} does not exist`,
      "nothing of this installation was looked at; correct the path, or mount what should be there",
    );
  }
  if (!stats.isDirectory() || lookAt(path) === undefined)
    throw new KeeperError(
      "failed",
      `${home} is not a folder`,
      "nothing of this installation was looked at; correct the path",
    );
  if (!mayUse(path, constants.R_OK | constants.X_OK))
    throw new KeeperError(
      "failed",
      `${home} cannot be read by ${whoWeAre()}; it belongs to user ${stats.uid}, with mode ${(stats.mode & 0o7777).toString(8).padStart(4, "0")}`,
      "nothing of this installation was looked at; run session-keeper as that user, or give this one the right to read it",
    );
  return realPathOr(path);
}

function statOf(path: string): Stats | undefined | "closed" {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === "EACCES") return "closed";
    if (errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** The first folder on the way that does not let us through. */
function closedAbove(path: string): string {
  const above = dirname(path);
  if (above === path) return path;
  const first = closedAbove(above);
  return mayUse(first, constants.X_OK) ? above : first;
}

function mayUse(path: string, how: number): boolean {
  try {
    accessSync(path, how);
    return true;
  } catch {
    return false;
  }
}

function whoWeAre(): string {
  return `user ${process.geteuid?.() ?? "unknown"}`;
}
