import { constants, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { errnoOf, KeeperError } from "../errors.ts";

/** A log that is open for reading, and how many bytes were read of it. `stats` are of the open file, not of the path. */
export type OpenLog = { path: string; handle: FileHandle; stats: Stats; bytesRead: number };

/**
 * Opens a log. Symbolic links are followed, because a log's stable name often is one.
 *
 * @returns undefined when there is no such file: between rotating a log and creating the new one that is normal
 * @throws EACCES and the like as they are; KeeperError for anything but a regular file (a FIFO would never end)
 */
export async function openLog(path: string): Promise<OpenLog | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Looked at before it is opened: opening a device can do things, and a FIFO without a writer blocks.
    refuseUnlessRegular(path, await stat(path));
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    refuseUnlessRegular(path, stats);
    return { path, handle, stats, bytesRead: 0 };
  } catch (error) {
    await handle?.close();
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return undefined;
    throw error;
  }
}

/** Fills the buffer from an offset of the file; returns fewer bytes only at the file's end. */
export async function readAt(log: OpenLog, buffer: Buffer, offset: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await log.handle.read(buffer, filled, buffer.length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  log.bytesRead += filled;
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
