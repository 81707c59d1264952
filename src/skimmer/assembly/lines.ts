import { window } from "./input.ts";

export const IS_BLANK: i32 = 1;
export const IS_VALID: i32 = 2;
export const NEEDS_WHOLE: i32 = 4;
export const HAS_LONE_SURROGATE: i32 = 8;

export const LINES_BYTES: i32 = 32 * 1024;
const LINE_BYTES: i32 = 8;

/** For each line of a batch, in 32 bits each: where its newline stands, from the window's beginning on; and its flags. */
export const LINES: usize = memory.data(LINES_BYTES, 16);
export let lineCount: i32 = 0;

export function forgetLines(): void {
  lineCount = 0;
}

export function areLinesFull(): bool {
  return lineCount === LINES_BYTES / LINE_BYTES;
}

export function recordLine(newline: usize, flags: i32): void {
  const line = LINES + usize(lineCount * LINE_BYTES);
  // Less than 0 where the newline was carried in front of the window.
  store<i32>(line, i32(newline - window));
  store<i32>(line, flags, 4);
  lineCount++;
}
