import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { type Fingerprint, isSameFile, lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";

/** An idle run opens no transcript; one that opens thousands would make them anew for each. */
let operations: Promise<typeof import("node:fs/promises")> | undefined;

/**
 * Opens a transcript for reading, and makes sure that it is the very file that was found: not a link, not a pipe, not
 * another file that took its name.
 */
export async function openTranscript(path: string, found: Fingerprint): Promise<FileHandle> {
  operations ??= import("node:fs/promises");
  const { open } = await operations;
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  const stats = await file.stat();
  if (stats.isFile() && isSameFile(found, { ...found, device: stats.dev, inode: stats.ino })) return file;
  await file.close();
  throw new KeeperError(
    "changed",
    `${path} is not the file any more that was found there`,
    "it was left alone; the next run looks again",
  );
}

/** Why a path that looks like a transcript must not be touched; undefined for a plain file with one name. */
export function unsafeBecause(path: string): string | undefined {
  const seen = lookAt(path);
  if (!seen) return "it is gone";
  if (seen.kind === "link") return "a symbolic link stands in its place, and links are never followed";
  if (seen.kind !== "file") return "what stands in its place is not a plain file";
  if (seen.fingerprint.links > 1)
    return `it has ${seen.fingerprint.links} names (hard links), and shortening one would change them all`;
  return undefined;
}
