import { CARRIAGE_RETURN, NEWLINE, SPACE, TAB } from "./characters.ts";
import { forgetSurrogates, hasLoneSurrogate } from "./escapes.ts";
import {
  BROKEN,
  CUT,
  cursor,
  end,
  feed,
  goOnFrom,
  goOnWithNext,
  isLast,
  WINDOW_BYTES,
  WINDOW_DISTANCE,
  WINDOWS,
} from "./input.ts";
import {
  areLinesFull,
  forgetLines,
  HAS_LONE_SURROGATE,
  IS_BLANK,
  IS_VALID,
  LINES,
  LINES_BYTES,
  lineCount,
  NEEDS_WHOLE,
  recordLine,
} from "./lines.ts";
import { keepElements, keepName } from "./names.ts";
import { beginRow, breakRow, hasBegun, isInToken, isRowWhole, passPart } from "./row.ts";
import { beginBatch, endSkeleton, endValues, needsWhole, PLACES, placesLength, VALUES } from "./skeletons.ts";

// AssemblyScript: TypeScript's syntax, compiled to WebAssembly. An address is a number; `load` and `store` reach what lies
// there, `memory.data` reserves room, and a `v128` holds 16 bytes that are compared all at once. What this file exports
// is what `engine.ts` calls.

export {
  feed,
  keepElements,
  keepName,
  LINES,
  LINES_BYTES,
  lineCount,
  PLACES,
  placesLength,
  VALUES,
  WINDOW_BYTES,
  WINDOW_DISTANCE,
  WINDOWS,
};

/** How long the text of the values of the last batch is. */
export let valuesLength: usize = 0;

/**
 * Makes a batch of the lines that end in the window, as many as find room. Returns whether there may be more of them.
 */
export function skim(): bool {
  forgetLines();
  beginBatch();
  const isMore = skimLines();
  valuesLength = endValues();
  return isMore;
}

function skimLines(): bool {
  let at = cursor;
  while (true) {
    const byte = load<u8>(at);
    if (byte === NEWLINE) {
      if (at === end) {
        if (isLast) endLine(at);
        goOnWithNext();
        return false;
      }
      endLine(at);
      at++;
      if (areLinesFull()) {
        goOnFrom(at);
        return true;
      }
    } else if ((byte === SPACE || byte === TAB || byte === CARRIAGE_RETURN) && !isInToken()) {
      at++;
    } else {
      const next = passPart(at, byte);
      if (next === CUT) return false;
      if (next === BROKEN) breakRow();
      else at = next;
    }
  }
}

function endLine(newline: usize): void {
  const isValid = isRowWhole();
  if (isValid) {
    recordLine(newline, IS_VALID | (needsWhole ? NEEDS_WHOLE : 0) | (hasLoneSurrogate ? HAS_LONE_SURROGATE : 0));
  } else {
    recordLine(newline, hasBegun() ? 0 : IS_BLANK);
  }
  endSkeleton(isValid && !needsWhole);
  forgetSurrogates();
  beginRow();
}
