import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { ownershipOf } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { readPieces } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import type { Archived } from "./tools.ts";
import type { Left, StoredBytes, TranscriptUndo } from "./undo-data.ts";

type Of = Pick<TranscriptUndo, "path" | "sessionId" | "dialect">;

/**
 * What `restore undo` needs to know of a transcript that was just replaced.
 *
 * @param left.bytes how many bytes were put in its place; from `restFrom` on they are its own
 * @param left.carriedBytes so many of them were added by others in the meantime
 */
export async function undoOfReplaced(
  { path, sessionId, dialect }: Of,
  archived: Archived,
  { carriedBytes, ...left }: Omit<Left, "sha256"> & { carriedBytes: number },
): Promise<TranscriptUndo> {
  const { source } = archived;
  const mtimeMs = carriedBytes > 0 ? (lookAt(path)?.fingerprint.mtimeMs ?? source.mtimeMs) : source.mtimeMs;
  return {
    ...{ path, sessionId, dialect },
    stored: [storedBytesOf(archived)],
    left: await hashed(path, left),
    mtimeMs,
    ownership: ownershipOf(source),
  };
}

export function storedBytesOf({ path, record }: Pick<Archived, "path" | "record">): StoredBytes {
  return { archive: path, bytes: record.bytes, sha256: record.sha256 };
}

/** The hash of the bytes [from, to) of an open file, as far as it goes. */
export async function hashOf(file: FileHandle, from: number, to: number): Promise<string> {
  return await hashOfPieces(readPieces(file, from, to));
}

export async function hashOfPieces(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
}

/** What was done must not count as failed because it cannot be looked at any more. */
async function hashed(path: string, left: Omit<Left, "sha256">): Promise<Left | "unknown"> {
  try {
    const seen = lookAt(path);
    if (!seen) return "unknown";
    const file = await openTranscript(path, seen.fingerprint);
    try {
      return { ...left, sha256: await hashOf(file, 0, left.bytes) };
    } finally {
      await file.close();
    }
  } catch {
    return "unknown";
  }
}
