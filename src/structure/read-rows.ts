import { readSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { during } from "../progress.ts";
import { createLineSplitter } from "../transcript/lines.ts";

/** One line of a transcript. Valid only during the call that hands it on. */
export type LineRead = {
  /** from 1; blank lines count and are passed over */
  line: number;
  /** byte offset in the file */
  at: number;
  /** without the newline */
  bytes: number;
  isTerminated: boolean;
  /** the parsed value, or as much of it as the structure needs; undefined for a line that does not parse */
  value: unknown;
  /** an escape for half a character stands somewhere in it */
  hasLoneSurrogate: boolean;
  /** its bytes */
  whole: () => Buffer;
};

/** Bytes [from, to) of a file; the first of them begins line number `line`. `paths`: all that is asked of a row. */
type ReadRange = { from: number; to: number; line: number; paths: readonly string[] };

export type RowReader = (
  descriptor: number,
  range: ReadRange,
  onLine: (line: LineRead) => void,
  signal?: AbortSignal,
) => Promise<void>;

const BLOCK_BYTES = 256 * 1024;
/** How much is read before signals and timers get their turn. */
const TURN_BYTES = 16 * 1024 * 1024;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** Parses every line whole. Memory: the longest line. One of more than 64 MiB passes for a row that nothing is known of. */
export const readWholeRows: RowReader = async (descriptor, { from, to, line: firstLine }, onLine, signal) => {
  const block = Buffer.allocUnsafe(Math.min(BLOCK_BYTES, Math.max(1, to - from)));
  let [at, line, isTerminated] = [from, firstLine, true];
  const advance = (bytes: number) => {
    at += bytes + 1;
    line += 1;
  };
  const splitter = createLineSplitter((bytes) => {
    if (!isBlank(bytes)) {
      const value = parseLine(bytes, at);
      const hasHalf = value !== undefined && hasLoneSurrogate(bytes);
      onLine({ line, at, bytes: bytes.length, isTerminated, value, hasLoneSurrogate: hasHalf, whole: () => bytes });
    }
    advance(bytes.length);
  }, advance);
  await readBlocks(descriptor, from, to, block, splitter.push, signal);
  isTerminated = false;
  splitter.end();
};

/** Reads a range in pieces that all lie in the same memory, and lets signals and timers have their turn now and then. */
async function readBlocks(
  descriptor: number,
  from: number,
  to: number,
  block: Buffer,
  onPiece: (piece: Buffer) => void,
  signal?: AbortSignal,
): Promise<void> {
  await during("read-transcript", to - from, async (advance) => {
    for (let at = from, turnAt = from + TURN_BYTES; at < to; ) {
      const length = readSync(descriptor, block, 0, Math.min(block.length, to - at), at);
      if (length === 0) return; // it became shorter meanwhile
      onPiece(block.subarray(0, length));
      at += length;
      if (at < turnAt) continue;
      turnAt = at + TURN_BYTES;
      advance(TURN_BYTES);
      await nextTurn();
      signal?.throwIfAborted();
    }
  });
}

/** The value of a line as the programs read it; undefined when it is none. A mark at the very start of a file is passed over. */
export function parseLine(line: Buffer, at: number): unknown {
  const hasMark = at === 0 && line.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  try {
    return JSON.parse((hasMark ? line.subarray(BYTE_ORDER_MARK.length) : line).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** True when a `\ud800` to `\udfff` stands there without its partner. */
export function hasLoneSurrogate(line: Buffer): boolean {
  if (!line.includes("\\ud", 0, "latin1") && !line.includes("\\uD", 0, "latin1")) return false;
  return loneSurrogatesIn(line.toString("latin1")).length > 0;
}

/** Where in a JSON text escapes for half a character stand without their other half. */
export function loneSurrogatesIn(text: string): number[] {
  const found: number[] = [];
  let openAt = -1;
  for (const match of text.matchAll(/\\(?:u([0-9a-fA-F]{4})|.)/g)) {
    const code = match[1] === undefined ? 0 : Number.parseInt(match[1], 16);
    const isSecond = code >= 0xdc00 && code <= 0xdfff;
    if (openAt >= 0 && !(isSecond && match.index === openAt + 6)) found.push(openAt);
    if (isSecond && !(openAt >= 0 && match.index === openAt + 6)) found.push(match.index);
    openAt = code >= 0xd800 && code <= 0xdbff ? match.index : -1;
  }
  if (openAt >= 0) found.push(openAt);
  return found;
}

function isBlank(line: Buffer): boolean {
  for (const byte of line) if (byte !== 0x20 && byte !== 0x0d && byte !== 0x09) return false;
  return true;
}
