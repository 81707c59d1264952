import { createReadStream } from "node:fs";
import { checksum } from "../disk/checksum.ts";
import { type OpenLog, readAt } from "./open-log.ts";
import type { LogPosition } from "./position.ts";

/** The size of what a gzip file holds, modulo 4 GiB, from its last four bytes. */
export async function unpackedSize(log: OpenLog): Promise<number> {
  const trailer = Buffer.alloc(4);
  await readAt(log, trailer, Math.max(0, log.stats.size - 4));
  return trailer.readUInt32LE();
}

/**
 * Unpacks a compressed log piece by piece and hands on what follows `position`; without one, everything.
 *
 * @returns false when the file does not hold what had been read at the position: nothing was handed on then. A file that
 * breaks off is handed on as far as it goes.
 */
export async function readGzip(
  log: OpenLog,
  position: LogPosition | undefined,
  onBytes: (bytes: Buffer) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  // loaded here, because few looks meet a compressed log
  const [{ pipeline }, { createGunzip }] = await Promise.all([import("node:stream/promises"), import("node:zlib")]);
  const skip = position?.offset ?? 0;
  const checked = Buffer.alloc(position?.crcBytes ?? 0);
  const checkFrom = skip - checked.length;
  let unpacked = 0;
  let isRight = position === undefined;
  try {
    await pipeline(
      createReadStream(log.path),
      createGunzip(),
      async (chunks: AsyncIterable<Buffer>) => {
        for await (const chunk of chunks) {
          const start = unpacked;
          unpacked += chunk.length;
          if (!isRight) {
            if (unpacked > checkFrom)
              chunk.copy(checked, Math.max(0, start - checkFrom), Math.max(0, checkFrom - start));
            if (unpacked < skip) continue;
            if (checksum(checked) !== position?.crc) return;
            isRight = true;
          }
          if (unpacked > skip) onBytes(chunk.subarray(Math.max(0, skip - start)));
        }
      },
      { signal },
    );
  } catch {
    signal?.throwIfAborted();
  }
  log.bytesRead += log.stats.size;
  return isRight;
}
