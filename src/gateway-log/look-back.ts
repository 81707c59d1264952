import { parseLogLine } from "./line.ts";
import { type OpenLog, readAt } from "./open-log.ts";

const NEWLINE = 10;
const BLOCK_BYTES = 64 * 1024;
const BLOCK_LIMIT_BYTES = 4 * 1024 * 1024;

/** Where to begin reading. `at`: epoch ms of the nearest dated line before; undefined when nothing before is dated. */
export type StartOfWindow = { offset: number; at: number | undefined };

/**
 * Finds where to begin for the lines dated `since` (epoch ms) or later, by looking at a block of 64 KiB at the end of a log, and
 * then at one ever twice as far from the end, until all dated lines of a block are older. So lines that are a little out of
 * order do no harm, a log of any size takes a few reads, and at most about twice the bytes that are newer lie ahead.
 */
export async function lookBack(log: OpenLog, since: number, signal?: AbortSignal): Promise<StartOfWindow> {
  const { size } = log.stats;
  for (let distance = 0; distance < size; distance = Math.max(BLOCK_BYTES, distance * 2)) {
    signal?.throwIfAborted();
    const block = await readLinesBefore(log, size - distance);
    const at = block && dateIfOlder(block.lines, since);
    if (block && at !== undefined) return { offset: block.end, at };
  }
  return { offset: 0, at: undefined };
}

/** The whole lines of about 64 KiB before an offset; undefined when there are only parts of a line longer than 4 MiB. */
async function readLinesBefore(log: OpenLog, offset: number): Promise<{ lines: Buffer; end: number } | undefined> {
  for (let bytes = BLOCK_BYTES; bytes <= BLOCK_LIMIT_BYTES; bytes *= 2) {
    const start = Math.max(0, offset - bytes);
    const buffer = Buffer.allocUnsafe(offset - start);
    const block = buffer.subarray(0, await readAt(log, buffer, start));
    const first = start === 0 ? 0 : block.indexOf(NEWLINE) + 1;
    const last = block.lastIndexOf(NEWLINE) + 1;
    const hasLines = (start === 0 || first > 0) && last > first;
    if (hasLines) return { lines: block.subarray(first, last), end: start + last };
    if (start === 0) return undefined;
  }
  return undefined;
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
