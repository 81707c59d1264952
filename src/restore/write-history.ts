import { isBlank, type Segment } from "./head.ts";

const NEWLINE = 0x0a;

/** A part to be written. `segment`: what its header row says. */
export type Source = { segment: Segment | undefined; pieces: () => AsyncIterable<Buffer> };

/**
 * Every row of a history once and in order, as pieces of bytes: the root whole, each later part without its header row and
 * without the rows that repeat its parent's. A piece's bytes are valid until the next one.
 *
 * Memory: one piece, however long the rows are.
 */
export async function* joinParts(sources: readonly Source[]): AsyncGenerator<Buffer> {
  let lastByte = NEWLINE;
  for (const [index, { segment, pieces }] of sources.entries()) {
    let isFirst = true;
    for await (const piece of index === 0 ? pieces() : withoutOpening(pieces(), segment)) {
      if (piece.length === 0) continue;
      if (isFirst && lastByte !== NEWLINE) yield Buffer.of(NEWLINE);
      isFirst = false;
      lastByte = piece.at(-1) ?? lastByte;
      yield piece;
    }
  }
}

/** The rows of a later part that are its own. The blank line that shortening in place may leave goes with the opening. */
async function* withoutOpening(pieces: AsyncIterable<Buffer>, segment: Segment | undefined): AsyncGenerator<Buffer> {
  const opening = beginOpening(segment);
  let isKept: boolean | undefined;
  let undecided: Buffer[] = [];
  for await (const piece of pieces) {
    for (let start = 0; start < piece.length; ) {
      if (isKept === undefined && opening.isOver()) {
        yield piece.subarray(start);
        break;
      }
      const end = piece.indexOf(NEWLINE, start) + 1 || piece.length;
      const bytes = piece.subarray(start, end);
      const isLineEnd = bytes.at(-1) === NEWLINE;
      if (isKept === undefined && isBlank(bytes) && !isLineEnd) {
        undecided.push(Buffer.from(bytes));
      } else {
        isKept ??= opening.keeps(isBlank(bytes));
        if (isKept) yield Buffer.concat([...undecided, bytes]);
        undecided = [];
      }
      if (isLineEnd) isKept = undefined;
      start = end;
    }
  }
}

/** Decides line by line what of the beginning of a part is its own. */
function beginOpening(segment: Segment | undefined): { keeps: (isBlank: boolean) => boolean; isOver: () => boolean } {
  const headerAt = segment?.headerAt ?? -1;
  let carriedRows = segment?.carriedRows ?? 0;
  let [row, isOver] = [-1, false];
  return {
    keeps(isEmpty) {
      if (isEmpty) return false;
      row += 1;
      if (row === headerAt) return false;
      if (carriedRows > 0) {
        carriedRows -= 1;
        return false;
      }
      isOver = row > headerAt;
      return true;
    },
    isOver: () => isOver,
  };
}
