import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isDigit,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from "./characters.ts";
import { BROKEN, CUT, carry, end, isLast } from "./input.ts";
import { beginKeptNumber, keepDigits, keepString, LONGEST_KEPT } from "./kept-values.ts";
import { KEPT, LONGEST_NAME, lookUp, TEXT } from "./names.ts";
import { beginNumber, isWholeNumber, passNumber } from "./numbers.ts";
import { copy, requireWhole, separate, write } from "./skeletons.ts";
import { cutAt, findSpecial, passString } from "./strings.ts";
import { passWord } from "./words.ts";

// What may come next in a line.
const ROW: i32 = 0;
const VALUE: i32 = 1;
const FIRST_ELEMENT: i32 = 2;
const FIRST_NAME: i32 = 3;
const NAME: i32 = 4;
const NAME_END: i32 = 5;
const VALUE_END: i32 = 6;
const ROW_END: i32 = 7;
// The rest of a token that was cut, or of a line about which all is known: white space is part of these.
const REST_OF_STRING: i32 = 8;
const REST_OF_NAME: i32 = 9;
const REST_OF_NUMBER: i32 = 10;
const REST_OF_BROKEN: i32 = 11;
const REST_OF_TOO_DEEP: i32 = 12;

let state: i32 = ROW;

const MAX_DEPTH: usize = 4096;
/** What the containers around the innermost one are. */
const OUTER: usize = memory.data(4096);
let depth: usize = 0;
/** What the innermost container is: an object or an array, and what becomes of the elements of an array. */
let container: u32 = 0;
const OBJECT: u32 = 1;
/** What becomes of the value that comes next: `KEPT`, `TEXT`. */
let fate: u32 = 0;

export function beginRow(): void {
  state = ROW;
  depth = 0;
  fate = 0;
}

export function breakRow(): void {
  state = REST_OF_BROKEN;
}

export function hasBegun(): bool {
  return state !== ROW;
}

export function isInToken(): bool {
  return state >= REST_OF_STRING;
}

export function isRowWhole(): bool {
  // A number alone on a line may have been cut at its end.
  if (state === REST_OF_NUMBER) return depth === 0 && isWholeNumber();
  return state === ROW_END || state === REST_OF_TOO_DEEP;
}

/** From one part of a row to behind it; `byte` stands there and is no newline. Or CUT, after a carry; or BROKEN. */
export function passPart(at: usize, byte: u8): usize {
  switch (state) {
    case NAME:
      return byte === QUOTE ? passName(at) : BROKEN;
    case FIRST_NAME:
      return byte === QUOTE ? passName(at) : close(at, byte);
    case NAME_END:
      return byte === COLON ? passColon(at) : BROKEN;
    case VALUE:
      return passValue(at, byte);
    case FIRST_ELEMENT:
      return byte === CLOSE_BRACKET ? close(at, byte) : passValue(at, byte);
    case VALUE_END:
      return byte === COMMA ? passComma(at) : close(at, byte);
    case ROW:
      return passRow(at, byte);
    case REST_OF_STRING:
      return passRestOfString(at);
    case REST_OF_NAME:
      return passRestOfName(at);
    case REST_OF_NUMBER:
      return passRestOfNumber(at);
    case REST_OF_BROKEN:
    case REST_OF_TOO_DEEP:
      return findSpecial(at + 1);
    default:
      return BROKEN;
  }
}

function passRow(at: usize, byte: u8): usize {
  if (byte === OPEN_BRACE) fate = KEPT;
  else requireWhole();
  return passValue(at, byte);
}

function passValue(at: usize, byte: u8): usize {
  const isElement = depth > 0 && (container & OBJECT) === 0;
  if (isElement && fate !== 0) separate();
  if (byte === QUOTE) return passStringValue(at);
  if (byte === OPEN_BRACE) return open(at, byte, OBJECT, FIRST_NAME);
  if (byte === OPEN_BRACKET) return open(at, byte, 0, FIRST_ELEMENT);
  if (byte === MINUS || isDigit(byte)) {
    beginNumber();
    beginKeptNumber();
    return passRestOfNumber(at);
  }
  const wordEnd = passWord(at);
  if (wordEnd === CUT || wordEnd === BROKEN) return wordEnd;
  if (fate !== 0) copy(at, wordEnd - at);
  return endValue(wordEnd);
}

function open(at: usize, byte: u8, kind: u32, next: i32): usize {
  if (depth === MAX_DEPTH) {
    requireWhole();
    state = REST_OF_TOO_DEEP;
    return at + 1;
  }
  store<u8>(OUTER + depth, u8(container));
  depth++;
  container = kind | fate;
  state = next;
  if (fate !== 0) write(byte);
  return at + 1;
}

function close(at: usize, byte: u8): usize {
  if (byte !== ((container & OBJECT) !== 0 ? CLOSE_BRACE : CLOSE_BRACKET)) return BROKEN;
  if ((container & KEPT) !== 0) write(byte);
  depth--;
  container = load<u8>(OUTER + depth);
  fate = container & (KEPT | TEXT);
  return endValue(at + 1);
}

/** The comma mostly follows at once; passing it here saves a way through the states. So does `endName` with the colon. */
function endValue(at: usize): usize {
  state = depth === 0 ? ROW_END : VALUE_END;
  return depth > 0 && load<u8>(at) === COMMA ? passComma(at) : at;
}

function passComma(at: usize): usize {
  state = (container & OBJECT) !== 0 ? NAME : VALUE;
  return at + 1;
}

function endName(at: usize): usize {
  state = NAME_END;
  return load<u8>(at) === COLON ? passColon(at) : at;
}

function passColon(at: usize): usize {
  state = VALUE;
  return at + 1;
}

function passName(at: usize): usize {
  const isRead = (container & KEPT) !== 0;
  const special = findSpecial(at + 1);
  const byte = load<u8>(special);
  const length = special - at - 1;
  if (byte === QUOTE) {
    fate = isRead ? lookUp(at + 1, length) : 0;
    if (fate !== 0) {
      separate();
      copy(at, length + 2);
      write(COLON);
    }
    return endName(special + 1);
  }
  // A name that is too long already needs no further look; before that it may yet turn out to be a kept one.
  if (length <= usize(LONGEST_NAME)) {
    if (special === end && !isLast) {
      carry(at);
      return CUT;
    }
    if (isRead && byte === BACKSLASH) requireWhole();
  }
  fate = 0;
  state = REST_OF_NAME;
  return passRestOfName(special);
}

function passRestOfName(at: usize): usize {
  const close = passString(at);
  if (close === CUT) carry(cutAt);
  return close === CUT || close === BROKEN ? close : endName(close + 1);
}

function passStringValue(at: usize): usize {
  const close = passString(at + 1);
  if (close === BROKEN) return BROKEN;
  if (close !== CUT) {
    if (fate !== 0) keepString(at + 1, close, (fate & TEXT) !== 0);
    return endValue(close + 1);
  }
  // A string that may yet turn out short is seen again from its beginning.
  const isOpen = fate !== 0 && cutAt - at - 1 <= LONGEST_KEPT;
  if (isOpen) {
    carry(at);
  } else {
    if (fate !== 0) keepString(at + 1, cutAt, (fate & TEXT) !== 0);
    state = REST_OF_STRING;
    carry(cutAt);
  }
  return CUT;
}

function passRestOfString(at: usize): usize {
  const close = passString(at);
  if (close === CUT) carry(cutAt);
  return close === CUT || close === BROKEN ? close : endValue(close + 1);
}

function passRestOfNumber(at: usize): usize {
  const to = passNumber(at);
  if (fate !== 0) keepDigits(at, to);
  if (to === end && !isLast) {
    state = REST_OF_NUMBER;
    carry(to);
    return CUT;
  }
  return isWholeNumber() ? endValue(to) : BROKEN;
}
