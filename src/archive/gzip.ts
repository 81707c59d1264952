import { createHash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { constants, crc32, createGunzip, deflateRaw } from "node:zlib";
import { KeeperError } from "../errors.ts";
import { during } from "../progress.ts";

/** What went into an archive, and how large it became. */
export type GzipSummary = {
  /** length of the original */
  bytes: number;
  /** newline bytes, plus one when the last line has none */
  lines: number;
  /** of the original bytes, hex */
  sha256: string;
  /** length of the stored file */
  gzipBytes: number;
};

// Level 5 of Node's zlib makes 0.999 of the size of `gzip -6` (4: 1.012, 6: 0.995, for a fifth more time). Chunks of
// 1 to 4 MiB cost the same; below 512 KiB the hand-over between threads shows. 386 MB, 2 cores of an x86-64 server:
// a third of the time of `gzip -6` and `gzip -t`, read-back included, at 100 MB RSS.
const level = 5;
const chunkBytes = 1024 * 1024;
/** As far back as a deflate stream may refer (RFC 1951). */
const dictionaryBytes = 32 * 1024;
/** One more than can run keeps the pool fed while the oldest is written. libuv starts four threads by default. */
const chunksInFlight = Math.min(availableParallelism(), 4) + 1;

/** RFC 1952: deflate, no name, no time, so the same bytes always make the same archive; made on a Unix. */
const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
/** The empty block that ends a deflate stream. */
const finalBlock = Buffer.from([0x03, 0x00]);

const newline = 0x0a;

const deflateChunk = promisify(deflateRaw);

/**
 * Writes the bytes `from` to `to` (exclusive) of a file as one plain gzip member. Chunks are deflated side by side on
 * the thread pool, each with the end of the one before as its dictionary, and joined at byte boundaries (sync flush).
 *
 * Reads and writes by position, so the source may grow meanwhile. Memory: about ten chunks, whatever the range.
 * Neither syncs nor verifies: see `verifyGzip`. When this throws, no read or write is under way any more.
 *
 * @param target a new, empty file
 * @param options.onChunk sees the source's bytes in order, each once, while they are in memory anyway. The Buffer
 *   belongs to this function and is overwritten after the call: copy what has to be kept, change nothing
 * @throws KeeperError `failed` when the source ends before `to`; system errors (ENOSPC, EIO) unchanged: the caller knows
 *   the paths; the signal's reason on abort, within the time of one chunk
 */
export async function gzipRange(
  source: FileHandle,
  range: { from: number; to: number },
  target: FileHandle,
  options: { signal?: AbortSignal; onChunk?: (bytes: Buffer) => void } = {},
): Promise<GzipSummary> {
  const { from, to } = range;
  // An empty archive of a range given the wrong way round would pass for a copy.
  if (!(from >= 0 && from <= to)) throw new RangeError(`not a range of bytes: ${from} to ${to}`);

  // one more than in flight, because the oldest of those may still need the chunk before it as its dictionary
  const buffers = Array.from({ length: chunksInFlight + 1 }, () => Buffer.allocUnsafe(Math.min(chunkBytes, to - from)));
  const deflating: Promise<Buffer>[] = [];
  const hash = createHash("sha256");
  let [crc, newlines, lastByte, gzipBytes] = [0, 0, newline, 0];
  const append = async (bytes: Buffer) => {
    await writeAll(target, bytes, gzipBytes);
    gzipBytes += bytes.length;
  };

  await append(header);
  let before: Buffer | undefined;
  for (let at = from, index = 0; at < to; index++) {
    if (deflating.length === chunksInFlight) await append(await (deflating.shift() as Promise<Buffer>));
    options.signal?.throwIfAborted();

    const chunk = (buffers[index % buffers.length] as Buffer).subarray(0, to - at);
    const dictionary = before?.subarray(-dictionaryBytes);
    await readAll(source, chunk, at);
    at += chunk.length;

    const deflated = deflateChunk(chunk, {
      level,
      finishFlush: constants.Z_SYNC_FLUSH,
      // One piece of output for each chunk, even an incompressible one: every further piece is another thread hop.
      // No more than that: room for a whole chunk, made for each of thousands of small files, keeps the collector busy.
      chunkSize: chunk.length + 1024,
      ...(dictionary && { dictionary }),
    });
    deflated.catch(() => {}); // awaited later; must not count as unhandled until then
    deflating.push(deflated);

    crc = crc32(chunk, crc);
    hash.update(chunk);
    newlines += countNewlines(chunk);
    lastByte = chunk[chunk.length - 1] ?? newline;
    options.onChunk?.(chunk);
    before = chunk;
  }
  for (const deflated of deflating) {
    await append(await deflated);
    options.signal?.throwIfAborted();
  }
  await append(finalBlock);
  await append(gzipTrailer(crc, to - from));
  const lines = newlines + (lastByte === newline ? 0 : 1);
  return { bytes: to - from, lines, sha256: hash.digest("hex"), gzipBytes };
}

/**
 * Reads a stored archive back and unpacks it whole, as `zcat` would: its header, its length, its checksum, and length
 * and hash of what comes out must be those of the summary. Any number of gzip members.
 *
 * @throws KeeperError `failed` when the file does not hold what the summary says; the signal's reason on abort
 */
export async function verifyGzip(
  file: FileHandle,
  expected: GzipSummary,
  options: { signal?: AbortSignal } = {},
): Promise<void> {
  const { size } = await file.stat();
  if (size !== expected.gzipBytes) throw damaged(`it has ${size} bytes, ${expected.gzipBytes} were written`);
  // unpacking ignores the time and the system in it
  if (!(await beginsAsWritten(file))) throw damaged("it does not begin as it was written");

  // A true unpacking of the stored file takes a fifth of the time of writing it. Inflating each chunk right after
  // deflating it, and only a checksum of the stored bytes here, measured 0.9 of the total time (386 MB, 2 cores of an
  // x86-64 server): what any reader will do is the better proof, and the total stays well below that of `gzip`.
  // Inflate runs in the pool while the hash runs here, hence the room for several pieces (missing in the types only).
  const room = { highWaterMark: 4 * chunkBytes };
  const chunkSize = Math.min(chunkBytes, expected.bytes + 1024);
  const gunzip = createGunzip({ chunkSize, ...room });
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    await during("read-archive-back", expected.bytes, (advance) => {
      const consume = async (pieces: AsyncIterable<Buffer>) => {
        for await (const piece of pieces) {
          hash.update(piece);
          bytes += piece.length;
          advance(piece.length);
        }
      };
      return pipeline(storedPieces(file, size), gunzip, consume, options);
    });
  } catch (error) {
    options.signal?.throwIfAborted();
    throw damaged("it cannot be unpacked", error);
  }
  if (bytes !== expected.bytes) throw damaged(`${bytes} bytes come out of it, ${expected.bytes} went in`);
  if (hash.digest("hex") !== expected.sha256) throw damaged("what comes out of it is not what went in");
  // unpacking stops silently where the last member ends
  if (gunzip.bytesWritten !== size) throw damaged(`only ${gunzip.bytesWritten} of its ${size} bytes are an archive`);
}

/** True when a stored file begins as each archive of ours does. */
export async function beginsAsWritten(file: FileHandle): Promise<boolean> {
  const start = Buffer.alloc(header.length);
  await file.read(start, 0, start.length, 0);
  return start.equals(header);
}

/** CRC-32 and length modulo 2^32 of the original (RFC 1952, 2.3.1). */
export function gzipTrailer(crc: number, bytes: number): Buffer {
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc, 0);
  trailer.writeUInt32LE(bytes % 2 ** 32, 4);
  return trailer;
}

/** Fresh buffers: the consumer may hold several at once. */
async function* storedPieces(file: FileHandle, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; at += chunkBytes) {
    const piece = Buffer.allocUnsafe(Math.min(chunkBytes, size - at));
    await readAll(file, piece, at);
    yield piece;
  }
}

function countNewlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) count++;
  return count;
}

async function readAll(source: FileHandle, into: Buffer, position: number): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await source.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) {
      throw new KeeperError(
        "failed",
        `the file became shorter while it was read: it ends at byte ${position + done}`,
        "The file was left as it is. Something else truncates it; find out what, the next run tries again.",
      );
    }
    done += bytesRead;
  }
}

async function writeAll(target: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await target.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

function damaged(what: string, cause?: unknown): KeeperError {
  return new KeeperError(
    "failed",
    `the archive cannot be trusted: ${what}`,
    "Nothing else was changed. Check the disk the archive lies on; keep the original until another copy is verified.",
    cause,
  );
}
