import { parseLogLine } from "./line.ts";

/** A line that holds one of the needles. `at`: epoch ms of its own date or of the nearest dated line before it. */
export type FoundLine = { line: string; lineStart: number; at: number | undefined };

export type LineScanner = {
  /** Takes the next bytes of the log. */
  push: (chunk: Buffer) => void;
  /**
   * Ends the scan. A last line without its newline is still being written, unless the file is `complete`.
   * @returns the offset after the last line taken, and the newest date seen
   */
  end: (isComplete: boolean) => { offset: number; lastAt: number | undefined };
};

const NEWLINE = 10;
const LINE_LIMIT_BYTES = 1024 * 1024;

/**
 * Finds the lines that hold one of the needles (none: every line) in a stream of bytes that begins at `offset` of a log.
 *
 * Needles are looked for in the raw bytes of a whole block, so that only lines that may matter become strings, and dates
 * are read of those and of one line at each block's end. Memory: 2 MiB. A line longer than 1 MiB is judged by its first
 * 1 MiB. NUL bytes at a line's start are skipped: a writer without O_APPEND leaves them after the log was truncated.
 *
 * @param at epoch ms for undated lines at the start; undefined: they have no date
 */
export function scanLines(
  needles: readonly string[],
  from: { offset: number; at: number | undefined },
  onLine: (found: FoundLine) => void,
): LineScanner {
  const patterns = needles.map((needle) => Buffer.from(needle));
  const buffer = Buffer.allocUnsafe(2 * LINE_LIMIT_BYTES);
  let used = 0;
  let base = from.offset;
  let lastAt: number | undefined;
  /** the nearest date before the buffer's start */
  let contextAt = from.at;
  /** inside a line beyond its limit: where it began, and its first 1 MiB */
  let long: { start: number; head: Buffer } | undefined;

  const drop = (bytes: number) => {
    buffer.copyWithin(0, bytes, used);
    used -= bytes;
    base += bytes;
  };

  const remember = (at: number | undefined) => {
    if (at !== undefined && (lastAt === undefined || at > lastAt)) lastAt = at;
  };

  /** Takes the whole lines in buffer[0, end). */
  const takeLines = (lines: Buffer, start: number) => {
    let dated = { end: 0, at: contextAt };
    for (const [lineStart, lineEnd] of linesWith(lines, patterns)) {
      const line = lines.toString("utf8", lineStart, Math.min(lineEnd, lineStart + LINE_LIMIT_BYTES));
      const at = parseLogLine(line).at ?? lastDateIn(lines, dated.end, lineStart) ?? dated.at;
      dated = { end: lineEnd + 1, at };
      remember(at);
      onLine({ line, lineStart: start + lineStart, at });
    }
    const last = lastDateIn(lines, dated.end, lines.length);
    remember(last);
    contextAt = last ?? dated.at;
  };

  const endLong = () => {
    if (long) takeLines(long.head, long.start);
    long = undefined;
  };

  const process = () => {
    if (long) {
      const newline = buffer.subarray(0, used).indexOf(NEWLINE);
      drop(newline < 0 ? used : newline + 1);
      if (newline < 0) return;
      endLong();
    }
    skipNuls();
    const newline = buffer.subarray(0, used).lastIndexOf(NEWLINE);
    if (newline >= 0) {
      takeLines(buffer.subarray(0, newline + 1), base);
      drop(newline + 1);
      skipNuls();
    }
    if (used < LINE_LIMIT_BYTES) return;
    long = { start: base, head: Buffer.from(buffer.subarray(0, LINE_LIMIT_BYTES)) };
    drop(used);
  };

  const skipNuls = () => {
    let nuls = 0;
    while (nuls < used && buffer[nuls] === 0) nuls++;
    if (nuls > 0) drop(nuls);
  };

  return {
    push(chunk) {
      for (let taken = 0; taken < chunk.length; ) {
        const part = Math.min(chunk.length - taken, buffer.length - used);
        chunk.copy(buffer, used, taken, taken + part);
        used += part;
        taken += part;
        process();
      }
    },
    end(isComplete) {
      const start = long?.start ?? base;
      // All that is older than the unfinished line counts as read, itself it doesn't.
      if (!isComplete && lastAt === undefined && used > 0)
        remember(before(parseLogLine(buffer.toString("latin1", 0, used)).at));
      if (!isComplete) return { offset: start, lastAt };
      endLong();
      if (used > 0) takeLines(buffer.subarray(0, used), base);
      return { offset: base + used, lastAt };
    },
  };
}

const before = (at: number | undefined) => (at === undefined ? undefined : at - 1);

/** The lines (start, end without newline) that hold a needle, each once and in order. */
function* linesWith(lines: Buffer, patterns: readonly Buffer[]): Generator<[number, number]> {
  const next = patterns.map((pattern) => lines.indexOf(pattern));
  for (let from = 0; from < lines.length; ) {
    const hit =
      patterns.length === 0 ? from : next.reduce((first, at) => (at >= 0 && at < first ? at : first), lines.length);
    if (hit >= lines.length) return;
    const newline = lines.indexOf(NEWLINE, hit);
    const end = newline < 0 ? lines.length : newline;
    yield [lineStartBefore(lines, hit), end];
    from = end + 1;
    for (const [index, pattern] of patterns.entries()) {
      if ((next[index] ?? -1) >= 0 && (next[index] ?? -1) < from) next[index] = lines.indexOf(pattern, from);
    }
  }
}

/** Where the line that holds this byte begins. */
function lineStartBefore(lines: Buffer, position: number): number {
  // A negative start would make lastIndexOf count from the end.
  return position === 0 ? 0 : lines.lastIndexOf(NEWLINE, position - 1) + 1;
}

/** The date of the last dated line in lines[from, to). */
export function lastDateIn(lines: Buffer, from: number, to: number): number | undefined {
  for (let end = to; end > from; ) {
    const start = Math.max(from, lineStartBefore(lines, end - 1));
    // Only digits matter here, so the cheaper decoding will do.
    const { at } = parseLogLine(lines.toString("latin1", start, end));
    if (at !== undefined) return at;
    end = start;
  }
  return undefined;
}
