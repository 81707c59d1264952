import { createHash } from "node:crypto";
import { join } from "node:path";
import type { SidecarArchive } from "../archive/catalog.ts";
import { sidecarsName } from "../archive/names.ts";
import { readTar } from "../archive/read-tar.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { readPieces } from "../transcript/lines.ts";
import { openArchive } from "./unpack.ts";

/** What lies beside an archive. `broken`: names of those that cannot be read whole, or that somebody else made. */
export type FoundSidecars = { sidecars?: SidecarArchive; broken: string[] };

/**
 * Finds the archives of what belongs to a transcript by the name of its own archive, and reads each back. The last of them is
 * the one that counts.
 *
 * @throws the signal's reason on abort
 */
export async function findSidecarArchives(
  archive: string,
  folder: string,
  signal: AbortSignal,
): Promise<FoundSidecars> {
  const sound: Omit<SidecarArchive, "earlier">[] = [];
  const broken: string[] = [];
  for (let attempt = 1; ; attempt += 1) {
    const name = sidecarsName(archive, attempt);
    if (lookAt(join(folder, name))?.kind !== "file") break;
    const found = await examine(name, folder, signal);
    if (found) sound.push(found);
    else broken.push(name);
  }
  const newest = sound.pop();
  if (!newest) return { broken };
  return { sidecars: { ...newest, ...(sound.length > 0 ? { earlier: sound } : {}) }, broken };
}

async function examine(
  archive: string,
  folder: string,
  signal: AbortSignal,
): Promise<Omit<SidecarArchive, "earlier"> | undefined> {
  try {
    const file = await openArchive(join(folder, archive));
    try {
      const { size } = await file.stat();
      const hash = createHash("sha256");
      for await (const piece of readPieces(file, 0, size)) {
        signal.throwIfAborted();
        hash.update(piece);
      }
      const stored = { gzipBytes: size, sha256: hash.digest("hex") };
      let [files, bytes] = [0, 0];
      for await (const { entry } of readTar(file, stored, signal)) {
        if (entry.kind !== "folder") files += 1;
        bytes += entry.bytes;
      }
      return { archive, ...stored, files, bytes };
    } finally {
      await file.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KeeperError || errnoOf(error) !== undefined) return undefined;
    throw error;
  }
}
