import { NEWLINE } from "./characters.ts";

export const WINDOW_BYTES: i32 = 256 * 1024;
/** More than the longest token that is kept when the end of the window cuts it. */
const CARRY_BYTES: i32 = 512;
/** Blocks are loaded whole: up to this many bytes behind the last one are read, and not minded. */
const PAD_BYTES: i32 = 64;

/** What the file is read into, piece by piece. */
export const WINDOW: usize = memory.data(CARRY_BYTES + WINDOW_BYTES + PAD_BYTES, 64) + CARRY_BYTES;

/** In place of an address: the bytes run out within a token. */
export const CUT: usize = 0;
/** In place of an address: this is not JSON. */
export const BROKEN: usize = 1;

/** The next byte to look at. */
export let cursor: usize = WINDOW;
/**
 * Behind the last byte. A newline is put there. As a newline ends every token, no loop has to ask whether bytes are
 * left; only who comes upon a newline asks whether it is this one.
 */
export let end: usize = WINDOW;
/** Whether the file ends at `end`, so that the newline there ends its last line. */
export let isLast: bool = false;

/** Takes as many bytes as were read into the window. */
export function feed(length: usize, last: bool): void {
  end = WINDOW + length;
  isLast = last;
  store<u8>(end, NEWLINE);
}

export function goOnFrom(address: usize): void {
  cursor = address;
}

/** Goes on from here with the next bytes: what is left of these is moved in front of the window. */
export function carry(address: usize): void {
  cursor = WINDOW - (end - address);
  memory.copy(cursor, address, end - address);
}

/** Whether fewer than `length` bytes are here, and more will come. */
export function isCut(address: usize, length: usize): bool {
  return !isLast && end - address < length;
}
