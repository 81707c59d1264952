import { dirname, sep } from "node:path";
import { type Disk, ownershipInFolder } from "../disk/disk.ts";
import { type Fingerprint, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { errnoOf, KeeperError } from "../errors.ts";

/** A program's home. `isClosed`: nothing below it may be written. */
export type GuardedHome = { home: string; isClosed: boolean };

const MODE = 0o600;

/**
 * Makes sure that a copy may be written to a path, which has to lie in a real folder.
 *
 * @returns the file that will be replaced; undefined when there is none
 * @throws KeeperError `failed` when the path is taken and may not be replaced, or lies where nothing may be written
 */
export function checkTarget(path: string, mayReplace: boolean, homes: readonly GuardedHome[]): Fingerprint | undefined {
  const refuse = (message: string, hint: string) => new KeeperError("failed", message, `nothing was written; ${hint}`);
  if (lookAt(dirname(path))?.kind !== "folder")
    throw refuse(`there is no folder ${dirname(path)}`, "make it first, or name another one");
  const home = homes.find((one) => path.startsWith(one.home + sep));
  if (home?.isClosed)
    throw refuse(`${home.home} belongs to an OpenClaw in whose home nothing is written`, "name a file elsewhere");
  const seen = lookAt(path);
  if (!seen) return undefined;
  if (seen.kind !== "file") throw refuse(`what stands at ${path} is no plain file`, "name another one");
  if (!mayReplace) throw refuse(`${path} is there already`, "name another file, or add --yes to replace it");
  if (home) throw refuse(`${path} lies in ${home.home}, where a copy replaces nothing`, "name a file elsewhere");
  return seen.fingerprint;
}

/**
 * Writes a copy that only its owner can read. It gets its name when it is whole, so a stop leaves no half of one under it.
 *
 * @param replaces what `checkTarget` found there
 */
export async function writeCopy(
  disk: Disk,
  path: string,
  pieces: AsyncIterable<Uint8Array>,
  replaces: Fingerprint | undefined,
): Promise<void> {
  const draft = draftPathFor(path);
  await disk.createOf(draft, pieces, { ...ownerOf(path, replaces), mode: MODE });
  try {
    if (replaces) disk.rename(draft, path);
    else disk.link(draft, path);
  } catch (error) {
    disk.remove(draft);
    if (errnoOf(error) !== "EEXIST") throw error;
    throw new KeeperError(
      "failed",
      `${path} was made by somebody else in the meantime`,
      "it was left alone, and no copy was kept; name another file",
    );
  }
  if (!replaces) disk.remove(draft);
  disk.syncFolder(dirname(path));
}

/** A person's own files are that person's; what root puts beside files of others is theirs. */
function ownerOf(path: string, replaces: Fingerprint | undefined): { uid: number; gid: number } {
  const uid = process.geteuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getegid?.() ?? 0 };
  return replaces ?? ownershipInFolder(dirname(path));
}
