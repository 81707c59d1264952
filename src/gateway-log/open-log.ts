import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { errnoOf, KeeperError } from "../errors.ts";

/**
 * A log that is open for reading, and how many bytes were read of it. `stats` are of the open file, not of the path.
 * Read synchronously, because Node's promises for files cost an idle run more than its reading does.
 */
export type OpenLog = { path: string; handle: { fd: number; close: () => void }; stats: Stats; bytesRead: number };

/** After so many bytes a long read lets signals and timers have their turn. */
const TURN_BYTES = 8 * 1024 * 1024;

/**
 * Opens a log. Symbolic links are followed, because a log's stable name often is one.
 *
 * @returns undefined when there is no such file: between rotating a log and creating the new one that is normal
 * @throws EACCES and the like as they are; KeeperError for anything but a regular file (a FIFO would never end)
 */
export async function openLog(path: string): Promise<OpenLog | undefined> {
  let descriptor: number | undefined;
  try {
    // Looked at before it is opened: opening a device can do things, and a FIFO without a writer blocks.
    refuseUnlessRegular(path, statSync(path));
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const fd = descriptor;
    const stats = fstatSync(fd);
    refuseUnlessRegular(path, stats);
    return { path, handle: { fd, close: () => closeSync(fd) }, stats, bytesRead: 0 };
  } catch (error) {
    if (descriptor !== undefined) closeSync(descriptor);
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Fills the buffer from an offset of the file; returns fewer bytes only at the file's end. */
export async function readAt(log: OpenLog, buffer: Buffer, offset: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const bytesRead = readSync(log.handle.fd, buffer, filled, buffer.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  const isTurn = Math.floor(log.bytesRead / TURN_BYTES) < Math.floor((log.bytesRead + filled) / TURN_BYTES);
  log.bytesRead += filled;
  if (isTurn) await new Promise((resolve) => setImmediate(resolve));
  return filled;
}

/** Tells the files of this moment apart. A file made later may get the number of one that is gone. */
export function fileKey({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function refuseUnlessRegular(path: string, stats: Stats): void {
  if (stats.isFile()) return;
  throw new KeeperError(
    "failed",
    `the gateway log ${path} is not a regular file`,
    "It was not read and nothing was changed. Point gateway.logs at the log file itself, at a glob, or at journal:UNIT.",
  );
}
