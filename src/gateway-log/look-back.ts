import { parseLogLine } from "./line.ts";
import { type OpenLog, readAt } from "./open-log.ts";

const NEWLINE = 10;
const FIRST_BLOCK_BYTES = 64 * 1024;
const BLOCK_LIMIT_BYTES = 4 * 1024 * 1024;

/** Where to begin reading. `at`: epoch ms of the nearest dated line before; undefined when nothing before is dated. */
export type StartOfWindow = { offset: number; at: number | undefined };

/**
 * Finds where the lines dated `since` (epoch ms) or later begin, from the end of a log, in blocks that double from 64 KiB to
 * 4 MiB. It stops at the first block whose dated lines are all older, so lines that are a little out of order do no harm,
 * and only about as many bytes are read as are newer.
 */
export async function lookBack(log: OpenLog, since: number, signal?: AbortSignal): Promise<StartOfWindow> {
  let end = log.stats.size;
  let blockBytes = FIRST_BLOCK_BYTES;
  while (end > 0) {
    signal?.throwIfAborted();
    const start = Math.max(0, end - blockBytes);
    const block = Buffer.allocUnsafe(end - start);
    const lines = block.subarray(0, await readAt(log, block, start));
    const first = start === 0 ? 0 : lines.indexOf(NEWLINE) + 1;
    const holdsLines = start === 0 || (first > 0 && first < lines.length);
    const canGrow = blockBytes < BLOCK_LIMIT_BYTES;
    blockBytes = Math.min(blockBytes * 2, BLOCK_LIMIT_BYTES);
    if (holdsLines) {
      const at = dateIfOlder(lines.subarray(first), since);
      if (at !== undefined) return { offset: end, at };
      end = start + first;
    } else if (!canGrow) end = start;
  }
  return { offset: 0, at: undefined };
}

/** The last date in the block, if it has any and all of them are older than `since`. */
function dateIfOlder(lines: Buffer, since: number): number | undefined {
  let last: number | undefined;
  for (let end = lines.length; end > 0; ) {
    const start = end === 1 ? 0 : lines.lastIndexOf(NEWLINE, end - 2) + 1;
    const { at } = parseLogLine(lines.toString("latin1", start, end));
    if (at !== undefined && at >= since) return undefined;
    last ??= at;
    end = start;
  }
  return last;
}
