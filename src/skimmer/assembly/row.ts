import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  isDigit,
  LOWER_F,
  LOWER_T,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
} from "./characters.ts";
import { BROKEN, CUT, carry, end, isLast } from "./input.ts";
import { beginKeptNumber, keepDigits, keepString, LONGEST_KEPT } from "./kept-values.ts";
import { elementsOf, LONGEST_NAME, lookUp, ROW } from "./names.ts";
import { beginNumber, isWholeNumber, passNumber } from "./numbers.ts";
import { ARRAY, FALSE, NULL, OBJECT, requireWhole, TRUE, tell, tellValue } from "./skeletons.ts";
import { cutAt, findSpecial, passString } from "./strings.ts";
import { passWord } from "./words.ts";

// What may come next in a line.
const START: i32 = 0;
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

let state: i32 = START;

const MAX_DEPTH: usize = 4096;
/** What the containers around the innermost one are. */
const OUTER: usize = memory.data(4096);
let depth: usize = 0;
/** The place of the innermost container; with this bit, where it is an object. */
let container: u32 = 0;
const IS_OBJECT: u32 = 0x80;
/** The place of the value that comes next; 0 where nothing is kept of it. */
let place: u32 = 0;

export function beginRow(): void {
  state = START;
  depth = 0;
  place = 0;
}

export function breakRow(): void {
  state = REST_OF_BROKEN;
}

export function hasBegun(): bool {
  return state !== START;
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
    case START:
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
  if (byte === OPEN_BRACE) place = ROW;
  else requireWhole();
  return passValue(at, byte);
}

function passValue(at: usize, byte: u8): usize {
  const isElement = depth > 0 && (container & IS_OBJECT) === 0;
  if (isElement) place = elementsOf(container);
  if (byte === QUOTE) return passStringValue(at);
  if (byte === OPEN_BRACE) return open(at, OBJECT, IS_OBJECT, FIRST_NAME);
  if (byte === OPEN_BRACKET) return open(at, ARRAY, 0, FIRST_ELEMENT);
  if (byte === MINUS || isDigit(byte)) {
    beginNumber();
    beginKeptNumber();
    return passRestOfNumber(at);
  }
  const wordEnd = passWord(at);
  if (wordEnd === CUT || wordEnd === BROKEN) return wordEnd;
  if (place !== 0) tell(place, byte === LOWER_T ? TRUE : byte === LOWER_F ? FALSE : NULL);
  return endValue(wordEnd);
}

function open(at: usize, what: u32, kind: u32, next: i32): usize {
  if (depth === MAX_DEPTH) {
    requireWhole();
    state = REST_OF_TOO_DEEP;
    return at + 1;
  }
  store<u8>(OUTER + depth, u8(container));
  depth++;
  container = kind | place;
  state = next;
  if (place !== 0) tell(place, what);
  return at + 1;
}

function close(at: usize, byte: u8): usize {
  if (byte !== ((container & IS_OBJECT) !== 0 ? CLOSE_BRACE : CLOSE_BRACKET)) return BROKEN;
  depth--;
  container = load<u8>(OUTER + depth);
  return endValue(at + 1);
}

/** The comma mostly follows at once; passing it here saves a way through the states. So does `endName` with the colon. */
function endValue(at: usize): usize {
  state = depth === 0 ? ROW_END : VALUE_END;
  return depth > 0 && load<u8>(at) === COMMA ? passComma(at) : at;
}

function passComma(at: usize): usize {
  state = (container & IS_OBJECT) !== 0 ? NAME : VALUE;
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
  const within = container & ~IS_OBJECT;
  const special = findSpecial(at + 1);
  const byte = load<u8>(special);
  const length = special - at - 1;
  if (byte === QUOTE) {
    place = within === 0 ? 0 : lookUp(within, at + 1, length);
    return endName(special + 1);
  }
  // A name that is too long already needs no further look; before that it may yet turn out to be a kept one.
  if (length <= usize(LONGEST_NAME)) {
    if (special === end && !isLast) {
      carry(at);
      return CUT;
    }
    if (within !== 0 && byte === BACKSLASH) requireWhole();
  }
  place = 0;
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
    if (place !== 0) keepString(place, at + 1, close);
    return endValue(close + 1);
  }
  // A string that may yet turn out short is seen again from its beginning.
  const isOpen = place !== 0 && cutAt - at - 1 <= LONGEST_KEPT;
  if (isOpen) {
    carry(at);
  } else {
    if (place !== 0) keepString(place, at + 1, cutAt);
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
  if (place !== 0) keepDigits(at, to);
  if (to === end && !isLast) {
    state = REST_OF_NUMBER;
    carry(to);
    return CUT;
  }
  if (!isWholeNumber()) return BROKEN;
  if (place !== 0) tellValue(place);
  return endValue(to);
}
