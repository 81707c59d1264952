import { type ReadEntry, readTar, type StoredTar } from "../archive/read-tar.ts";
import { openArchive } from "./unpack.ts";

/** One entry of it: what stood there, and its content. */
export type UnpackedEntry = ReadEntry;

/**
 * What a sidecar archive holds, one entry after the other, and in the end whether it is the file that was stored.
 *
 * @param sidecars.archive its absolute path
 * @throws KeeperError `missing` when it is not there, `failed` when it is not what was stored; the signal's reason on abort
 */
export async function* unpackSidecars(
  { archive, ...stored }: StoredTar & { archive: string },
  signal: AbortSignal,
): AsyncGenerator<UnpackedEntry> {
  const file = await openArchive(archive);
  try {
    yield* readTar(file, stored, signal);
  } finally {
    await file.close();
  }
}

/** Reads a sidecar archive back whole. @throws like `unpackSidecars` */
export async function verifySidecars(sidecars: StoredTar & { archive: string }, signal: AbortSignal): Promise<void> {
  for await (const _ of unpackSidecars(sidecars, signal));
}
