import { type OpenLog, readAt } from "./open-log.ts";
import type { LogPosition } from "./position.ts";
import { readGzip } from "./read-gzip.ts";
import { scanLines } from "./scan-lines.ts";

/** What one look needs to know wherever it reads. */
export type ReadContext = {
  /** Epoch ms. */
  now: number;
  /** Fixed strings, one of which stands in every line worth delivering; none: every line. */
  needles: readonly string[];
  /** `at`: epoch ms of the line's own date, of the nearest dated line before it, or of the last look. */
  onLine: (line: string, where: { path: string; lineStart: number; at: number }) => void;
  /** Keys of the files that this look has read or will read by themselves; added to. */
  taken: Set<string>;
  /** Epoch ms for lines that nothing dates: when the log was last looked at. Undefined: they are not delivered. */
  undatedAt: number | undefined;
  signal?: AbortSignal | undefined;
};

/** Where to begin. `at`: epoch ms of the nearest dated line before; `since`: lines dated earlier are left out. */
export type RangeStart = { offset: number; at: number | undefined; since?: number };

/** How far it went, and the newest date seen. */
export type RangeEnd = { offset: number; lastAt: number | undefined };

const CHUNK_BYTES = 256 * 1024;

/**
 * Delivers the lines from an offset on, as far as the file went when it was opened.
 *
 * @param isComplete nobody writes to this file any more, so a last line without its newline counts
 */
export async function readRange(
  log: OpenLog,
  from: RangeStart,
  context: ReadContext,
  isComplete = false,
): Promise<RangeEnd> {
  const scanner = scannerFor(log, from, context);
  const chunk = Buffer.allocUnsafe(Math.max(0, Math.min(CHUNK_BYTES, log.stats.size - from.offset)));
  for (let offset = from.offset; offset < log.stats.size; ) {
    context.signal?.throwIfAborted();
    const filled = await readAt(log, chunk.subarray(0, Math.min(chunk.length, log.stats.size - offset)), offset);
    if (filled === 0) break;
    scanner.push(chunk.subarray(0, filled));
    offset += filled;
  }
  return scanner.end(isComplete);
}

/**
 * The same for a compressed log: what follows `position`, or without one everything.
 *
 * @returns undefined when the file does not hold what had been read at the position
 */
export async function readPackedRange(
  log: OpenLog,
  position: LogPosition | undefined,
  from: Omit<RangeStart, "offset">,
  context: ReadContext,
): Promise<RangeEnd | undefined> {
  const scanner = scannerFor(log, { ...from, offset: position?.offset ?? 0 }, context);
  const isRight = await readGzip(log, position, scanner.push, context.signal);
  return isRight ? scanner.end(true) : undefined;
}

function scannerFor({ path }: OpenLog, from: RangeStart, { needles, onLine }: ReadContext) {
  const { since = Number.NEGATIVE_INFINITY } = from;
  return scanLines(needles, from, ({ line, lineStart, at }) => {
    if (at !== undefined && at >= since) onLine(line, { path, lineStart, at });
  });
}

/** The newest of some dates. */
export function latest(...dates: (number | undefined)[]): number | undefined {
  const known = dates.filter((date) => date !== undefined);
  return known.length > 0 ? Math.max(...known) : undefined;
}
