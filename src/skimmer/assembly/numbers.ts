import { isDigit, LOWER_E, MINUS, PLUS, POINT, ZERO } from "./characters.ts";

// The last part of a number that was seen.
const NOTHING: i32 = 0;
const SIGN: i32 = 1;
const LEADING_ZERO: i32 = 2;
const INTEGER: i32 = 3;
const DECIMAL_POINT: i32 = 4;
const FRACTION: i32 = 5;
const EXPONENT_MARK: i32 = 6;
const EXPONENT_SIGN: i32 = 7;
const EXPONENT: i32 = 8;
const END: i32 = 9;

/** Outlives a call, as a number may go on in the next window. */
let part: i32 = NOTHING;

export function beginNumber(): void {
  part = NOTHING;
}

/** From an address inside a number to the first byte that does not belong to it. */
export function passNumber(from: usize): usize {
  let at = from;
  while (true) {
    const next = partAt(load<u8>(at));
    if (next === END) return at;
    part = next;
    at++;
  }
}

/** Whether a number may end where the last call stopped. */
export function isWholeNumber(): bool {
  return part === LEADING_ZERO || part === INTEGER || part === FRACTION || part === EXPONENT;
}

function partAt(byte: u8): i32 {
  if (isDigit(byte)) {
    if (part === INTEGER || part === FRACTION || part === EXPONENT) return part;
    if (part === NOTHING || part === SIGN) return byte === ZERO ? LEADING_ZERO : INTEGER;
    if (part === LEADING_ZERO) return END;
    return part === DECIMAL_POINT ? FRACTION : EXPONENT;
  }
  if (byte === POINT) return part === LEADING_ZERO || part === INTEGER ? DECIMAL_POINT : END;
  // Bit 0x20 is all that tells "E" from "e".
  if ((byte | 0x20) === LOWER_E) return isWholeNumber() && part !== EXPONENT ? EXPONENT_MARK : END;
  if (byte === MINUS && part === NOTHING) return SIGN;
  return (byte === MINUS || byte === PLUS) && part === EXPONENT_MARK ? EXPONENT_SIGN : END;
}
