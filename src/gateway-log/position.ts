import { checksum } from "../disk/checksum.ts";
import { type OpenLog, readAt } from "./open-log.ts";

/** How far a log has been read, and how to recognise it again after it was renamed, copied or replaced. */
export type LogPosition = {
  device: number;
  inode: number;
  /** byte offset of the first line that was not read to its end */
  offset: number;
  /** CRC-32 of the `crcBytes` bytes before `offset` (at most 4 KiB) */
  crc: number;
  crcBytes: number;
  /** epoch ms of the look that came this far */
  seenAt: number;
  /** of the file at that look: same file, size and time of change need no reading at all */
  mtimeMs: number;
  /** epoch ms of the file's birth, 0 where the file system does not keep it: inode numbers are used again */
  bornMs: number;
  /** epoch ms, the newest date among the lines read so far, in the log's own clock */
  lastAt?: number;
  /**
   * Of no plain file, so that `offset` and `crc` say nothing: a compressed older part that was read to its end, or a path
   * whose file went elsewhere and whose next file is all new.
   */
  state?: "packed" | "vacant";
  /** of an older part: the path of the log itself */
  log?: string;
  /** the configured source (a path or glob) that led to this file */
  source?: string;
};

const CRC_BYTES = 4096;

/**
 * The position after a look that came to `end`. The same object as before when the file did not change.
 *
 * @param before the position in this very file, or in the one that it is a copy of
 */
export async function positionAfter(
  log: OpenLog,
  before: LogPosition | undefined,
  end: { offset: number; lastAt: number | undefined },
  now: number,
): Promise<LogPosition> {
  const { dev: device, ino: inode, mtimeMs, birthtimeMs: bornMs } = log.stats;
  const isSame = before?.device === device && before.inode === inode && before.mtimeMs === mtimeMs;
  if (isSame && before.offset === end.offset && (end.lastAt ?? 0) <= (before.lastAt ?? 0)) return before;
  const crcBytes = Math.min(end.offset, CRC_BYTES);
  const crc = await crcBefore(log, end.offset, crcBytes);
  const dates = [before?.lastAt, end.lastAt].filter((date) => date !== undefined);
  const lastAt = dates.length > 0 ? { lastAt: Math.max(...dates) } : {};
  return { device, inode, offset: end.offset, crc, crcBytes, seenAt: now, mtimeMs, bornMs, ...lastAt };
}

/** Marks a compressed file as read, so that it is not taken for a new one later on. */
export function packedPosition({ stats }: OpenLog, seenAt: number, lastAt: number | undefined): LogPosition {
  const { dev: device, ino: inode, mtimeMs, birthtimeMs: bornMs } = stats;
  const date = lastAt === undefined ? {} : { lastAt };
  return { device, inode, offset: 0, crc: 0, crcBytes: 0, seenAt, mtimeMs, bornMs, state: "packed", ...date };
}

/** Marks a path whose file is followed elsewhere by now. */
export function vacantPosition(before: LogPosition, lastAt: number | undefined): LogPosition {
  if (before.state === "vacant" && before.lastAt === lastAt) return before;
  const date = lastAt === undefined ? {} : { lastAt };
  return { ...before, device: 0, inode: 0, offset: 0, crc: 0, crcBytes: 0, bornMs: 0, state: "vacant", ...date };
}

/** Is this the very file of the position, with all that was read still in it? */
export async function isContinued(log: OpenLog, position: LogPosition): Promise<boolean> {
  if (position.state || !isSameFile(log.stats, position) || log.stats.size < position.offset) return false;
  // No checksum proves anything yet, so another file that got the number of a deleted one is told by its birth.
  if (position.offset === 0 && position.bornMs > 0 && position.bornMs !== log.stats.birthtimeMs) return false;
  return isUntouched(log, position) || (await crcBefore(log, position.offset, position.crcBytes)) === position.crc;
}

/** The file with the device and inode of the position, whatever it holds. */
export function isSameFile({ dev, ino }: { dev: number; ino: number }, { device, inode }: LogPosition): boolean {
  return dev === device && ino === inode;
}

/** Nothing was written since the position was taken, as far as size and time can tell. */
export function isUntouched({ stats }: OpenLog, position: LogPosition): boolean {
  return isSameFile(stats, position) && stats.size === position.offset && stats.mtimeMs === position.mtimeMs;
}

/** Does this file, whichever it is, hold what had been read at the position? A position at the start proves nothing. */
export async function holdsReadPart(log: OpenLog, position: LogPosition): Promise<boolean> {
  if (position.crcBytes === 0 || log.stats.size < position.offset) return false;
  return (await crcBefore(log, position.offset, position.crcBytes)) === position.crc;
}

async function crcBefore(log: OpenLog, offset: number, bytes: number): Promise<number> {
  const buffer = Buffer.allocUnsafe(bytes);
  const filled = await readAt(log, buffer, offset - bytes);
  return checksum(buffer.subarray(0, filled));
}
