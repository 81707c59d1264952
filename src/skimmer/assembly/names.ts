// What is kept of a row is a tree of places. A number stands for each of them, 0 for a place of which nothing is kept.

/** The row itself. */
export const ROW: u32 = 1;
/** In place of a place whose members are names: words that are told by their numbers, wherever they are a value. */
export const WORDS: u32 = 2;
/** Numbers below mean other things to those who are told. */
let nextNumber: u32 = 8;
const MOST_NUMBERS: i32 = 128;

/** In bytes, like everything here. */
export const LONGEST_NAME: i32 = 48;
const NAMES: usize = memory.data(MOST_NUMBERS * LONGEST_NAME, 16);
/** As many ones as zeros: a load that begins n bytes before the zeros masks the first n bytes. */
const MASK: usize = memory.data(2 * LONGEST_NAME, 16);
memory.fill(MASK, 0xff, LONGEST_NAME);

/** A hash table. In each slot: the length of a name, or 0; the place whose member it is; its number. */
const SLOTS: usize = memory.data(256 * 4);
/** For each place: that of the elements, where it may be an array; and whether some text is all that matters of a long one. */
const ELEMENTS: usize = memory.data(MOST_NUMBERS);
const TEXTS: usize = memory.data(MOST_NUMBERS);

/** Adds a member to a place, or a word. Returns its number. */
export function keepName(within: u32, name: usize, length: usize, isText: bool): u32 {
  const number = addPlace(isText);
  memory.copy(NAMES + number * LONGEST_NAME, name, length);
  let slot = slotOf(name, length, within);
  while (load<u8>(SLOTS + slot * 4) !== 0) slot = (slot + 1) & 255;
  store<u8>(SLOTS + slot * 4, u8(length));
  store<u8>(SLOTS + slot * 4, u8(within), 1);
  store<u8>(SLOTS + slot * 4, u8(number), 2);
  return number;
}

/** Adds the elements to a place. Returns their number. */
export function keepElements(within: u32): u32 {
  const number = addPlace(isText(within));
  store<u8>(ELEMENTS + within, u8(number));
  return number;
}

function addPlace(isText: bool): u32 {
  store<u8>(TEXTS + nextNumber, u8(isText));
  return nextNumber++;
}

/** The number of a member or word; 0 when there is none. */
export function lookUp(within: u32, name: usize, length: usize): u32 {
  if (length === 0 || length > usize(LONGEST_NAME)) return 0;
  let slot = slotOf(name, length, within);
  while (true) {
    const entry = SLOTS + slot * 4;
    const entryLength: usize = load<u8>(entry);
    if (entryLength === 0) return 0;
    if (entryLength === length && u32(load<u8>(entry, 1)) === within) {
      const number: u32 = load<u8>(entry, 2);
      if (isSame(name, NAMES + number * LONGEST_NAME, length)) return number;
    }
    slot = (slot + 1) & 255;
  }
}

export function elementsOf(place: u32): u32 {
  return load<u8>(ELEMENTS + place);
}

export function isText(place: u32): bool {
  return load<u8>(TEXTS + place) !== 0;
}

function isSame(name: usize, other: usize, length: usize): bool {
  const mask = MASK + LONGEST_NAME - length;
  const first = differences(name, other, mask);
  const second = differences(name + 16, other + 16, mask + 16);
  const third = differences(name + 32, other + 32, mask + 32);
  return !v128.any_true(v128.or(v128.or(first, second), third));
}

function differences(a: usize, b: usize, mask: usize): v128 {
  return v128.and(v128.xor(v128.load(a), v128.load(b)), v128.load(mask));
}

/** Lengths and ends of the usual names are enough to tell them apart. */
function slotOf(name: usize, length: usize, within: u32): usize {
  const first: usize = load<u8>(name);
  const last: usize = load<u8>(name + length - 1);
  return (length * 11 + first * 7 + last + within * 29) & 255;
}
