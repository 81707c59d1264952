import { CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET } from "./characters.ts";
import { WINDOW_BYTES } from "./input.ts";

/** A row whose skeleton would be longer is read whole. */
const LONGEST_SKELETON: i32 = 64 * 1024;
/** More than is ever written between two checks of the length, with every open container closed. */
const SLACK: i32 = 8 * 1024;
/** No skeleton is longer than its row, so there is room for those of a whole window behind one that was begun before. */
const TEXT_BYTES: i32 = LONGEST_SKELETON + SLACK + WINDOW_BYTES;

/** The text of an array: the skeletons of a batch of lines. The one that is being written stands behind them. */
export const SKELETONS: usize = memory.data(TEXT_BYTES, 16);
const FIRST: usize = SKELETONS + 1;

/** A skeleton can't tell this row. What is still written for it will be dropped. */
export let needsWhole: bool = false;

let lineStart: usize = FIRST;
let out: usize = FIRST;

export function requireWhole(): void {
  needsWhole = true;
}

/** Begins a batch with what was written of the row that the last one left open. */
export function beginBatch(): void {
  store<u8>(SKELETONS, OPEN_BRACKET);
  memory.copy(FIRST, lineStart, out - lineStart);
  out -= lineStart - FIRST;
  lineStart = FIRST;
}

/** Ends the array. Returns the length of its text, 0 when there is no skeleton. */
export function endBatch(): usize {
  if (lineStart === FIRST) return 0;
  // In place of the comma behind the last skeleton.
  store<u8>(lineStart - 1, CLOSE_BRACKET);
  return lineStart - SKELETONS;
}

export function endSkeleton(isKept: bool): void {
  if (isKept) write(COMMA);
  else out = lineStart;
  lineStart = out;
  needsWhole = false;
}

/** Begins a member, or an element of an array. A second call for the same one, when it was cut, changes nothing. */
export function separate(): void {
  if (out - lineStart > usize(LONGEST_SKELETON)) {
    needsWhole = true;
    out = lineStart;
  }
  const last = load<u8>(out - 1);
  if (last !== OPEN_BRACE && last !== OPEN_BRACKET && last !== COMMA) write(COMMA);
}

export function write(byte: u8): void {
  store<u8>(out, byte);
  out++;
}

/** Copies whole blocks: up to 15 bytes too many, over which the next ones are written. */
export function copy(from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(out + i, v128.load(from + i));
  out += length;
}
