import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";
import { openTranscript } from "../transcript/open.ts";
import type { Archive } from "./archives.ts";

const PIECE_BYTES = 256 * 1024;

/** An archive, and the hash of what it holds. */
type Packed = Pick<Archive, "path"> & { record: Pick<Archive["record"], "sha256"> };

/**
 * The bytes that an archive holds, piece by piece, and in the end whether they are those that were archived. Whoever stops
 * early has read no more than a little beyond.
 *
 * @throws KeeperError `missing` when it is not there, `failed` when it does not hold what the catalog says; the signal's
 *   reason on abort
 */
export async function* unpack({ path, record }: Packed, signal: AbortSignal): AsyncGenerator<Buffer> {
  const file = await openArchive(path);
  const hash = createHash("sha256");
  try {
    for await (const piece of inflate(file, signal)) {
      hash.update(piece);
      yield piece;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw damaged(path, "it cannot be unpacked", error);
  } finally {
    await file.close();
  }
  if (hash.digest("hex") !== record.sha256) throw damaged(path, "what comes out of it is not what went in");
}

/**
 * What an open gzip file holds, piece by piece. A piece is the caller's own.
 *
 * @param onEnd is told how many bytes of the file were used; what stands behind the last of them is no archive
 */
export async function* inflate(
  file: FileHandle,
  signal: AbortSignal,
  onEnd: (usedBytes: number) => void = () => undefined,
): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  const stored = file.createReadStream({ highWaterMark: PIECE_BYTES, autoClose: false, start: 0 });
  const feeding = pipeline(stored, gunzip, { signal });
  feeding.catch(() => undefined); // told below, unless nobody wants the rest
  try {
    yield* gunzip as AsyncIterable<Buffer>;
    await feeding;
    onEnd(gunzip.bytesWritten);
  } finally {
    gunzip.destroy();
    await feeding.catch(() => undefined);
  }
}

/** Opens an archive for reading; never through a link. @throws KeeperError `missing` when it is not there */
export async function openArchive(path: string): Promise<FileHandle> {
  const seen = lookAt(path);
  if (seen) return openTranscript(path, seen.fingerprint);
  throw new KeeperError(
    "missing",
    `the archive ${path} is not there`,
    "nothing was changed; look whether it was moved, or whether a disk is not mounted",
  );
}

function damaged(path: string, what: string, cause?: unknown): KeeperError {
  return new KeeperError(
    "failed",
    `the archive ${path} cannot be trusted: ${what}`,
    "no copy was kept; session-keeper restore verify tells which archives are sound, and zcat saves what can be read",
    cause,
  );
}
