import { NEWLINE } from "./characters.ts";

export const WINDOW_BYTES: i32 = 1024 * 1024;
/** More than the longest token that is kept when the end of the window cuts it. */
const CARRY_BYTES: i32 = 512;
/** Blocks are loaded whole: up to this many bytes behind the last one are read, and not minded. */
const PAD_BYTES: i32 = 64;

/** From one window to the other. Both begin at a multiple of 64, to which systems copy three times as fast. */
export const WINDOW_DISTANCE: i32 = CARRY_BYTES + WINDOW_BYTES + PAD_BYTES;

/** What the file is read into, piece by piece: one window is filled while the other one is looked at. */
export const WINDOWS: usize = memory.data(2 * WINDOW_DISTANCE, 64) + CARRY_BYTES;
/** The one that is looked at. */
export let window: usize = WINDOWS + WINDOW_DISTANCE;

/** In place of an address: the bytes run out within a token. */
export const CUT: usize = 0;
/** In place of an address: this is not JSON. */
export const BROKEN: usize = 1;

/** The next byte to look at. */
export let cursor: usize = WINDOWS;
/**
 * Behind the last byte. A newline is put there. As a newline ends every token, no loop has to ask whether bytes are
 * left; only who comes upon a newline asks whether it is this one.
 */
export let end: usize = WINDOWS;
/** Whether the file ends at `end`, so that the newline there ends its last line. */
export let isLast: bool = false;

/** Turns to the other window, into which so many bytes were read. The first one of a file is the first. */
export function feed(length: usize, last: bool): void {
  window = nextWindow();
  end = window + length;
  isLast = last;
  store<u8>(end, NEWLINE);
}

export function goOnFrom(address: usize): void {
  cursor = address;
}

function nextWindow(): usize {
  return 2 * WINDOWS + WINDOW_DISTANCE - window;
}

/** Goes on with the next bytes, of the next file after the last ones. */
export function goOnWithNext(): void {
  if (isLast) window = WINDOWS + WINDOW_DISTANCE;
  cursor = nextWindow();
}

/** Goes on from here with the next bytes: what is left of these is moved in front of them. */
export function carry(address: usize): void {
  cursor = nextWindow() - (end - address);
  memory.copy(cursor, address, end - address);
}

/** Whether fewer than `length` bytes are here, and more will come. */
export function isCut(address: usize, length: usize): bool {
  return !isLast && end - address < length;
}
