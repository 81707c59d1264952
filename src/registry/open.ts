import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { errnoOf, KeeperError } from "../errors.ts";

/**
 * Opens a registry for reading. Follows no link, waits for no pipe.
 *
 * @returns a descriptor for the caller to close; undefined when nothing is there
 * @throws KeeperError when the path is no regular file, or can't be read
 */
export function openForReading(path: string): number | undefined {
  let descriptor: number;
  try {
    // O_NONBLOCK: opening a pipe would otherwise wait for somebody to write.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    const why = errnoOf(error) === "ELOOP" ? "it is a symbolic link" : (errnoOf(error) ?? "unknown error");
    throw unreadable(path, why, error);
  }
  if (fstatSync(descriptor).isFile()) return descriptor;
  closeSync(descriptor);
  throw unreadable(path, "it is not a regular file");
}

export function unreadable(path: string, why: string, cause?: unknown): KeeperError {
  return new KeeperError(
    "failed",
    `cannot read the registry ${path}: ${why}`,
    "Nothing was changed. The registry must be a regular file that this user may read.",
    cause,
  );
}
