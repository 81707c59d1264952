import { accessSync, constants, existsSync, lstatSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "../errors.ts";

/** What a run does with a path: reads it, writes to it, or makes it and what is in it where it is not there yet. */
export type Need = "read" | "change" | "make";

/** A path that a run cannot use as it has to. `at`: where it fails, for a path that is not there yet a folder above it. */
export type Obstacle = { path: string; need: Need; at: string; errno: string; owner?: number; mode?: number };

/** Asks the system, as whoever this process is, whether a path can be used so. Nothing is written. */
export function findObstacle(path: string, need: Need): Obstacle | undefined {
  const at = need === "make" ? nearestThere(path) : path;
  try {
    const { R_OK, W_OK, X_OK } = constants;
    const isFolder = statSync(at).isDirectory();
    if (need === "make" && at !== path && !isFolder) return { path, need, at, errno: "ENOTDIR" };
    accessSync(at, (need === "read" ? R_OK : R_OK | W_OK) | (isFolder ? X_OK : 0));
    return undefined;
  } catch (error) {
    return { path, need, at, errno: errnoOf(error) ?? "unknown", ...ownerOf(at) };
  }
}

/** The path itself, or of those above it the nearest one that is there. */
export function nearestThere(path: string): string {
  let at = path;
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at);
  return at;
}

function ownerOf(path: string): Pick<Obstacle, "owner" | "mode"> {
  try {
    const { uid, mode } = lstatSync(path);
    return { owner: uid, mode: mode & 0o7777 };
  } catch {
    return {};
  }
}
