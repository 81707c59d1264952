import type { FileHandle } from "node:fs/promises";
import { hashOf } from "../apply/left.ts";
import type { StoredBytes } from "../apply/undo-data.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { unpack } from "../restore/unpack.ts";
import { blocked, READY, type Standing } from "./standing.ts";

/** The bytes of archives one after the other, and in the end whether they are those that were archived. */
export async function* storedPieces(stored: readonly StoredBytes[], signal: AbortSignal): AsyncGenerator<Buffer> {
  for (const { archive, sha256 } of stored) yield* unpack({ path: archive, record: { sha256 } }, signal);
}

export function sizeOfStored(stored: readonly StoredBytes[]): number {
  return stored.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** True for a file that begins with what was taken out of it. */
export async function beginsWithStored(
  file: FileHandle,
  sizeBytes: number,
  stored: readonly StoredBytes[],
): Promise<boolean> {
  if (sizeBytes < sizeOfStored(stored)) return false;
  let from = 0;
  for (const { bytes, sha256 } of stored) {
    if ((await hashOf(file, from, from + bytes)) !== sha256) return false;
    from += bytes;
  }
  return true;
}

/** Ready, as far as the archives are there; whether they are sound shows when they are read. */
export function missingArchive(stored: readonly Pick<StoredBytes, "archive">[]): Standing {
  const missing = stored.find(({ archive }) => lookAt(archive)?.kind !== "file");
  return missing ? blocked(`its archive ${missing.archive} is not there any more`) : READY;
}
