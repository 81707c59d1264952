import { BACKSLASH, LOWER_U, NON_ASCII, SPACE } from "./characters.ts";
import { isText, lookUp, WORDS } from "./names.ts";
import { copy, requireWhole, SOME_TEXT, tell, tellValue } from "./skeletons.ts";

/** Longer strings and numbers do not go into a skeleton. In bytes, escapes as they stand there. */
export const LONGEST_KEPT: usize = 200;

/** Tells the string between these addresses. Skeletons are ASCII, so that reading them as Latin-1 is enough. */
export function keepString(place: u32, from: usize, to: usize): void {
  const length = to - from;
  if (length <= LONGEST_KEPT && isAscii(from, to)) {
    const word = lookUp(WORDS, from, length);
    if (word !== 0) {
      tell(place, word);
    } else {
      copy(from - 1, length + 2);
      tellValue(place);
    }
  } else if (isText(place) && isSurelyText(from, to)) {
    tell(place, SOME_TEXT);
  } else {
    requireWhole();
  }
}

let numberLength: usize = 0;

export function beginKeptNumber(): void {
  numberLength = 0;
}

/** Writes the next digits of a number. */
export function keepDigits(from: usize, to: usize): void {
  numberLength += to - from;
  if (numberLength > LONGEST_KEPT) requireWhole();
  else copy(from, to - from);
}

function isAscii(from: usize, to: usize): bool {
  let at = from;
  while (at + 16 <= to) {
    if (i8x16.bitmask(v128.load(at)) !== 0) return false;
    at += 16;
  }
  const rest = (1 << i32(to - at)) - 1;
  return (i8x16.bitmask(v128.load(at)) & rest) === 0;
}

/**
 * Whether the beginning of a string shows that it holds more than white space. "No" may be wrong: an escape says
 * nothing, and neither does a byte with which characters begin that count as white space.
 */
function isSurelyText(from: usize, to: usize): bool {
  const last = to - from > LONGEST_KEPT ? from + LONGEST_KEPT : to;
  let at = from;
  while (at < last) {
    const byte = load<u8>(at);
    if (byte === BACKSLASH) at += load<u8>(at, 1) === LOWER_U ? 6 : 2;
    else if (byte <= SPACE || (byte >= NON_ASCII && mayBeginSpace(byte))) at++;
    else return true;
  }
  return false;
}

/** U+00A0, U+1680, U+2000 to U+205F, U+3000 and U+FEFF begin like this. Bytes below 0xc0 begin no character. */
function mayBeginSpace(byte: u8): bool {
  return byte < 0xc0 || byte === 0xc2 || byte === 0xe1 || byte === 0xe2 || byte === 0xe3 || byte === 0xef;
}
