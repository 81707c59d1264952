import { CLOSE_BRACKET, COMMA, OPEN_BRACKET } from "./characters.ts";
import { WINDOW_BYTES } from "./input.ts";

// What stands at a place, where it is no word.
export const VALUE: u32 = 0;
export const TRUE: u32 = 1;
export const FALSE: u32 = 2;
export const NULL: u32 = 3;
export const OBJECT: u32 = 4;
export const ARRAY: u32 = 5;
export const SOME_TEXT: u32 = 6;

/** A row of which more would have to be told is read whole. */
const LONGEST_SKELETON: i32 = 64 * 1024;
/** More than is ever written between two checks of the length. */
const SLACK: i32 = 8 * 1024;
/** What is told of a row is no longer than the row, so there is room for a whole window behind one that was begun before. */
const SKELETON_BYTES: i32 = LONGEST_SKELETON + SLACK + WINDOW_BYTES;

/** The text of an array: the strings and numbers of a batch of lines. */
export const VALUES: usize = memory.data(SKELETON_BYTES, 16);
const FIRST: usize = VALUES + 1;
/** Pairs of bytes: a place, and what stands there. A row begins with its own place. */
export const PLACES: usize = memory.data(SKELETON_BYTES, 16);

/** A skeleton can't tell this row. What is still written for it will be dropped. */
export let needsWhole: bool = false;

/** Where the row that is being written begins in both, and where it goes on. */
let rowValues: usize = FIRST;
let rowPlaces: usize = PLACES;
let nextValue: usize = FIRST;
let nextPlace: usize = PLACES;

export function requireWhole(): void {
  needsWhole = true;
}

/** Begins a batch with what was written of the row that the last one left open. */
export function beginBatch(): void {
  store<u8>(VALUES, OPEN_BRACKET);
  memory.copy(FIRST, rowValues, nextValue - rowValues);
  memory.copy(PLACES, rowPlaces, nextPlace - rowPlaces);
  nextValue -= rowValues - FIRST;
  nextPlace -= rowPlaces - PLACES;
  rowValues = FIRST;
  rowPlaces = PLACES;
}

/** Ends the array. Returns the length of its text, 0 when it is empty. */
export function endValues(): usize {
  if (rowValues === FIRST) return 0;
  // In place of the comma behind the last value.
  store<u8>(rowValues - 1, CLOSE_BRACKET);
  return rowValues - VALUES;
}

export function placesLength(): usize {
  return rowPlaces - PLACES;
}

export function endSkeleton(isKept: bool): void {
  if (!isKept) {
    nextValue = rowValues;
    nextPlace = rowPlaces;
  }
  rowValues = nextValue;
  rowPlaces = nextPlace;
  needsWhole = false;
}

export function tell(place: u32, what: u32): void {
  if (nextValue - rowValues > usize(LONGEST_SKELETON) || nextPlace - rowPlaces > usize(LONGEST_SKELETON)) {
    needsWhole = true;
    nextValue = rowValues;
    nextPlace = rowPlaces;
  }
  store<u8>(nextPlace, u8(place));
  store<u8>(nextPlace, u8(what), 1);
  nextPlace += 2;
}

/** Tells a value that was copied. */
export function tellValue(place: u32): void {
  store<u8>(nextValue, COMMA);
  nextValue++;
  tell(place, VALUE);
}

/** Copies whole blocks: up to 15 bytes too many, over which the next ones are written. */
export function copy(from: usize, length: usize): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(nextValue + i, v128.load(from + i));
  nextValue += length;
}
