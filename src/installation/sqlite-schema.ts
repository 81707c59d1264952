import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { errnoOf } from "../errors.ts";

/** Where a database's first page has its schema number (`user_version`), as four bytes, the highest first. */
const USER_VERSION_OFFSET = 60;

/** The log beside a database (`-wal`): its header, then frames, each a header and a page. */
const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const LOG_MAGIC = 0x377f0682;
const PAGE_SIZES: ReadonlySet<number> = new Set([512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536]);

/** A log is put into its database after a thousand pages, if nobody is reading meanwhile. Beyond this none is read. */
const MOST_FRAMES = 1_000_000;

/**
 * The schema number (`user_version`) of a SQLite database, read without SQLite: the newest that was committed, be it in the
 * database or still in the log beside it. Opens both for reading only, and reads but a few bytes of each page of the log.
 *
 * @returns 0 for a database that cannot be read; undefined where the log holds something that cannot be made out
 */
export function schemaNumberOf(database: string): number | undefined {
  // the log first: what goes from there into the database meanwhile is found in the database
  const inLog = withFile(`${database}-wal`, numberInLog, 0);
  if (inLog === undefined) return undefined;
  const inDatabase = withFile(database, (descriptor) => numberAt(descriptor, USER_VERSION_OFFSET), 0);
  return Math.max(inLog, inDatabase ?? 0);
}

/** @param absent what is told where there is no such file; undefined is told where it cannot be read */
function withFile<Told>(path: string, read: (descriptor: number) => Told, absent: Told): Told | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? absent : undefined;
  }
  try {
    return read(descriptor);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  } finally {
    closeSync(descriptor);
  }
}

/** The number in the last committed copy of the first page; 0: the log has none. Frames of an earlier log have other salts. */
function numberInLog(descriptor: number): number | undefined {
  const { size } = fstatSync(descriptor);
  if (size === 0) return 0;
  const header = bytesAt(descriptor, 0, LOG_HEADER_BYTES);
  if (!header || !isLogHeader(header)) return undefined;
  const pageBytes = header.readUInt32BE(8);
  const frameBytes = FRAME_HEADER_BYTES + pageBytes;
  const frames = Math.floor((size - LOG_HEADER_BYTES) / frameBytes);
  if (frames > MOST_FRAMES) return undefined;
  let committed = 0;
  let written: number | undefined;
  for (let index = 0; index < frames; index += 1) {
    const at = LOG_HEADER_BYTES + index * frameBytes;
    const frame = bytesAt(descriptor, at, FRAME_HEADER_BYTES);
    if (!frame?.subarray(8, 16).equals(header.subarray(16, 24))) break;
    if (frame.readUInt32BE(0) === 1) written = numberAt(descriptor, at + FRAME_HEADER_BYTES + USER_VERSION_OFFSET);
    if (frame.readUInt32BE(4) > 0) committed = written ?? committed;
  }
  return committed;
}

/** The lowest bit of the magic number tells the byte order of the checksum over what stands before it. */
function isLogHeader(header: Buffer): boolean {
  const magic = header.readUInt32BE(0);
  if ((magic & ~1) !== LOG_MAGIC || !PAGE_SIZES.has(header.readUInt32BE(8))) return false;
  const wordAt = (at: number) => ((magic & 1) === 1 ? header.readUInt32BE(at) : header.readUInt32LE(at));
  let [first, second] = [0, 0];
  for (let at = 0; at < 24; at += 8) {
    first = (first + wordAt(at) + second) >>> 0;
    second = (second + wordAt(at + 4) + first) >>> 0;
  }
  return first === header.readUInt32BE(24) && second === header.readUInt32BE(28);
}

function numberAt(descriptor: number, at: number): number | undefined {
  return bytesAt(descriptor, at, 4)?.readUInt32BE();
}

/** Undefined where the file ends before. */
function bytesAt(descriptor: number, at: number, count: number): Buffer | undefined {
  const bytes = Buffer.alloc(count);
  return readSync(descriptor, bytes, 0, count, at) === count ? bytes : undefined;
}
