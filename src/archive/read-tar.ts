import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { KeeperError } from "../errors.ts";
import { decodeEntry, loadHeaders, paddingFor, readRecords, TAR_BLOCK_BYTES, type TarEntry } from "./tar-entry.ts";

/** A gzipped tar as it lies on the disk: its length, and the hash of the stored file itself. */
export type StoredTar = { gzipBytes: number; sha256: string };

/** One entry, and its content, as far as somebody wants to read it. */
export type ReadEntry = { entry: TarEntry; content: AsyncIterable<Buffer> };

const PIECE_BYTES = 256 * 1024;
/** Of an extended header; Linux has no name and no target that is longer than a few kilobytes. */
const LONGEST_RECORDS_BYTES = 1024 * 1024;

/**
 * The entries of one of our gzipped tars, one after the other, and in the end whether the stored file is the one that was
 * written. A piece of content is read when it is asked for, so memory does not grow with the archive.
 *
 * The package's own parser is not used: it loses names with a newline in them, and spoils those of other scripts where two
 * pieces of the file meet.
 *
 * @throws KeeperError `failed` when it is no such file, or not the one that is expected; the signal's reason on abort
 */
export async function* readTar(file: FileHandle, expected: StoredTar, signal: AbortSignal): AsyncGenerator<ReadEntry> {
  const { size } = await file.stat();
  if (size !== expected.gzipBytes) throw damaged(`it has ${size} bytes, ${expected.gzipBytes} were written`);
  const hash = createHash("sha256");
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  const feeding = pipeline(storedPieces(file, size, hash), gunzip, { signal });
  feeding.catch(() => undefined); // told below, unless nobody wants the rest
  try {
    yield* entriesOf(gunzip as AsyncIterable<Buffer>, signal);
    await feeding;
  } finally {
    gunzip.destroy();
    await feeding.catch(() => undefined);
  }
  if (hash.digest("hex") !== expected.sha256) throw damaged("it is not the file that was written");
}

/** True for a plain file that is just what was stored; false for anything else, and for what cannot be read. */
export async function isStored(path: string, expected: StoredTar, signal: AbortSignal): Promise<boolean> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await file.stat();
      if (!stats.isFile() || stats.size !== expected.gzipBytes) return false;
      const hash = createHash("sha256");
      for await (const _ of storedPieces(file, stats.size, hash)) signal.throwIfAborted();
      return hash.digest("hex") === expected.sha256;
    } finally {
      await file.close();
    }
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

async function* entriesOf(bytes: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<ReadEntry> {
  const Header = await loadHeaders();
  const stream = openStream(bytes, signal);
  let extended: Map<string, string> | undefined;
  for (;;) {
    const header = new Header(await stream.whole(TAR_BLOCK_BYTES));
    if (header.nullBlock) break;
    if (!header.cksumValid) throw damaged("a header in it is broken");
    if (header.type === "ExtendedHeader") {
      const length = header.size ?? 0;
      if (length > LONGEST_RECORDS_BYTES) throw damaged("a header in it is too long");
      extended = readRecords(await stream.whole(length));
      await stream.whole(paddingFor(length).length);
      continue;
    }
    const entry = extended && decodeEntry(header, extended);
    extended = undefined;
    if (!entry) throw damaged("it holds something that is never put there");
    const content = stream.portion(entry.bytes);
    yield { entry, content: content.pieces() };
    await content.skip();
    await stream.whole(paddingFor(entry.bytes).length);
  }
  const rest = await stream.rest();
  if (rest.length !== TAR_BLOCK_BYTES || rest.some((byte) => byte !== 0)) throw damaged("it does not end as it should");
}

/** Bytes that come in pieces of any size, taken in portions. */
function openStream(bytes: AsyncIterable<Buffer>, signal: AbortSignal) {
  const iterator = bytes[Symbol.asyncIterator]();
  let held: Buffer = Buffer.alloc(0);
  const next = async (most: number): Promise<Buffer | undefined> => {
    while (held.length === 0) {
      const { value, done } = await iterator.next().catch((error: unknown) => {
        signal.throwIfAborted();
        throw damaged("it cannot be unpacked", error);
      });
      if (done) return undefined;
      held = value;
    }
    const piece = held.subarray(0, most);
    held = held.subarray(piece.length);
    return piece;
  };
  const portion = (length: number) => {
    let left = length;
    const take = async () => {
      const piece = await next(left);
      if (!piece) throw damaged("it ends too early");
      left -= piece.length;
      return piece;
    };
    return {
      async *pieces(): AsyncGenerator<Buffer> {
        while (left > 0) yield await take();
      },
      async skip(): Promise<void> {
        while (left > 0) await take();
      },
    };
  };
  return {
    portion,
    async whole(length: number): Promise<Buffer> {
      const parts: Buffer[] = [];
      for await (const piece of portion(length).pieces()) parts.push(piece);
      return Buffer.concat(parts);
    },
    /** What is left, as far as it says whether it is too much. */
    async rest(): Promise<Buffer> {
      const parts: Buffer[] = [];
      let length = 0;
      for (let piece = await next(PIECE_BYTES); piece && length <= TAR_BLOCK_BYTES; piece = await next(PIECE_BYTES)) {
        parts.push(piece);
        length += piece.length;
      }
      return Buffer.concat(parts);
    },
  };
}

/** Fresh buffers: unpacking may hold several at once. */
async function* storedPieces(
  file: FileHandle,
  size: number,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Buffer> {
  for (let at = 0; at < size; ) {
    const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, size - at));
    const { bytesRead } = await file.read(piece, 0, piece.length, at);
    if (bytesRead === 0) return;
    hash.update(piece.subarray(0, bytesRead));
    yield piece.subarray(0, bytesRead);
    at += bytesRead;
  }
}

function damaged(what: string, cause?: unknown): KeeperError {
  return new KeeperError(
    "failed",
    `the archive of what belongs to the session cannot be trusted: ${what}`,
    "nothing else was changed; check the disk that it lies on, and keep the originals until another copy is verified",
    cause,
  );
}
