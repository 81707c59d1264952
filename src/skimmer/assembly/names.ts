/** The value of a member goes into the skeleton. */
export const KEPT: u32 = 2;
/** And of its strings only that there is some text, when they are long. */
export const TEXT: u32 = 4;

/** In bytes, like everything here. */
export const LONGEST_NAME: i32 = 48;
const MOST_NAMES: i32 = 64;
const NAMES: usize = memory.data(MOST_NAMES * LONGEST_NAME, 16);
/** As many ones as zeros: a load that begins n bytes before the zeros masks the first n bytes. */
const MASK: usize = memory.data(2 * LONGEST_NAME, 16);
memory.fill(MASK, 0xff, LONGEST_NAME);

/** A hash table. In each slot: the length of a name, or 0; what becomes of the value; which of `NAMES` it is. */
const SLOTS: usize = memory.data(256 * 4);
let count: usize = 0;

/** Adds a name to those whose values are kept. */
export function keepName(name: usize, length: usize, isText: bool): void {
  memory.copy(NAMES + count * LONGEST_NAME, name, length);
  let slot = slotOf(name, length);
  while (load<u8>(SLOTS + slot * 4) !== 0) slot = (slot + 1) & 255;
  store<u8>(SLOTS + slot * 4, u8(length));
  store<u8>(SLOTS + slot * 4, u8(isText ? KEPT | TEXT : KEPT), 1);
  store<u8>(SLOTS + slot * 4, u8(count), 2);
  count++;
}

/** What becomes of a member's value: 0 when it is dropped. */
export function lookUp(name: usize, length: usize): u32 {
  if (length === 0 || length > usize(LONGEST_NAME)) return 0;
  let slot = slotOf(name, length);
  while (true) {
    const entry = SLOTS + slot * 4;
    const entryLength: usize = load<u8>(entry);
    if (entryLength === 0) return 0;
    if (entryLength === length && isSame(name, NAMES + usize(load<u8>(entry, 2)) * LONGEST_NAME, length)) {
      return load<u8>(entry, 1);
    }
    slot = (slot + 1) & 255;
  }
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
function slotOf(name: usize, length: usize): usize {
  const first: usize = load<u8>(name);
  const last: usize = load<u8>(name + length - 1);
  return (length * 11 + first * 7 + last) & 255;
}
