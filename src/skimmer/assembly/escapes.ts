import { BACKSLASH, isDigit, LOWER_A, LOWER_F, LOWER_U, ZERO } from "./characters.ts";
import { BROKEN, CUT, isCut } from "./input.ts";

/** Set by an escaped surrogate without its partner. */
export let hasLoneSurrogate: bool = false;

export function forgetSurrogates(): void {
  hasLoneSurrogate = false;
}

/**
 * Which of 64 bytes are the first one behind a backslash that escapes it, when the first of them is not.
 * In a run of backslashes every second one is itself escaped. Subtracting lets each run borrow through itself, which
 * leaves its bits alternating (the way of simdjson: no branch, however many there are).
 */
export function escapedAmong(backslashes: u64): u64 {
  return alternating(backslashes) ^ backslashes;
}

/** Whether the last of 64 bytes is a backslash that escapes the byte behind them. */
export function escapesNext(backslashes: u64): bool {
  return (alternating(backslashes) & backslashes) >> 63 !== 0;
}

function alternating(backslashes: u64): u64 {
  // 0xaaaa…
  const odd = (u64.MAX_VALUE / 3) << 1;
  return (((backslashes << 1) | odd) - backslashes) ^ odd;
}

/** From a backslash to behind what it escapes, where that is not one of the simple escapes. */
export function passLongEscape(at: usize): usize {
  if (load<u8>(at, 1) !== LOWER_U) return isCut(at, 2) ? CUT : BROKEN;
  const unit = codeUnit(at + 2);
  if (unit < 0) return isCut(at, 6) ? CUT : BROKEN;
  if ((unit & 0xf800) !== 0xd800) return at + 6;
  if (unit < 0xdc00) {
    if (isCut(at, 12)) return CUT;
    const isEscape = load<u8>(at, 6) === BACKSLASH && load<u8>(at, 7) === LOWER_U;
    if (isEscape && (codeUnit(at + 8) & 0xfc00) === 0xdc00) return at + 12;
  }
  hasLoneSurrogate = true;
  return at + 6;
}

/** What four hexadecimal digits say; -1 where they are not. */
function codeUnit(at: usize): i32 {
  let unit = 0;
  for (let i: usize = 0; i < 4; i++) {
    const byte = load<u8>(at + i);
    // Bit 0x20 is all that tells "A" from "a".
    const letter = byte | 0x20;
    if (isDigit(byte)) unit = (unit << 4) + (byte - ZERO);
    else if (letter >= LOWER_A && letter <= LOWER_F) unit = (unit << 4) + (letter - LOWER_A + 10);
    else return -1;
  }
  return unit;
}
