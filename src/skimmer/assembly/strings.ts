import { BACKSLASH, LAST_CONTROL, QUOTE } from "./characters.ts";
import { escapedAmong, escapesNext, passLongEscape } from "./escapes.ts";
import { BROKEN, CUT, end, isLast } from "./input.ts";

/** Where to go on in a string that was cut. */
export let cutAt: usize = 0;

/**
 * From an address inside a string to its closing quote; or CUT or BROKEN. No open escape may stand before the address.
 * Most bytes of a transcript are passed here, 64 at a time. Text has something escaped in most blocks, so that a
 * branch for each escape would mostly be guessed wrong.
 */
export function passString(from: usize): usize {
  let at = from;
  while (true) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    const backslashes = toBits(areBackslashes(a), areBackslashes(b), areBackslashes(c), areBackslashes(d));
    let stops = toBits(areStops(a), areStops(b), areStops(c), areStops(d));
    let next = at + 64;
    if (backslashes !== 0) {
      let escaped = escapedAmong(backslashes);
      stops &= ~escaped;
      // What stands behind the first stop is none of this string.
      if (stops !== 0) escaped &= (stops - 1) & ~stops;
      const notSimple = escaped & toBits(areNotSimple(a), areNotSimple(b), areNotSimple(c), areNotSimple(d));
      if (notSimple !== 0) {
        stops = 0;
        cutAt = at + usize(ctz(notSimple)) - 1;
        next = passLongEscape(cutAt);
        if (next === CUT || next === BROKEN) return next;
      } else if (escapesNext(backslashes)) {
        next--;
      }
    }
    if (stops !== 0) return endAt(at + usize(ctz(stops)));
    at = next;
  }
}

/** The first quote, backslash or control character. There always is one: the newline behind the last byte. */
export function findSpecial(from: usize): usize {
  let at = from;
  while (true) {
    const bytes = v128.load(at);
    const specials = i8x16.bitmask(v128.or(areStops(bytes), areBackslashes(bytes)));
    if (specials !== 0) return at + ctz(specials);
    at += 16;
  }
}

/** What the first byte that can't be inside a string means. */
function endAt(at: usize): usize {
  if (load<u8>(at) === QUOTE) return at;
  if (at !== end || isLast) return BROKEN;
  cutAt = at;
  return CUT;
}

function areStops(bytes: v128): v128 {
  return v128.or(i8x16.eq(bytes, i8x16.splat(QUOTE)), i8x16.le_u(bytes, i8x16.splat(LAST_CONTROL)));
}

function areBackslashes(bytes: v128): v128 {
  return i8x16.eq(bytes, i8x16.splat(BACKSLASH));
}

/**
 * All ones for each of 16 bytes that may not follow a backslash alone: all but `/`, `b`, `f`, `n`, `r`, `t`, the quote
 * and the backslash. Each row of the ASCII table that holds some of these is a bit: the upper half of a byte says
 * which row it stands in, the lower half which rows have one in that column.
 */
function areNotSimple(bytes: v128): v128 {
  const rows = i8x16(0, 0, 1, 0, 0, 2, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0);
  const columns = i8x16(0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0, 0, 0, 0, 0, 2, 0, 4, 1);
  const row = i8x16.swizzle(rows, i8x16.shr_u(bytes, 4));
  const column = i8x16.swizzle(columns, v128.and(bytes, i8x16.splat(0x0f)));
  return i8x16.eq(v128.and(row, column), i8x16.splat(0));
}

/** A bit for each of 64 bytes. */
function toBits(a: v128, b: v128, c: v128, d: v128): u64 {
  const low: u32 = i8x16.bitmask(a) | (i8x16.bitmask(b) << 16);
  const high: u32 = i8x16.bitmask(c) | (i8x16.bitmask(d) << 16);
  return u64(low) | (u64(high) << 32);
}
