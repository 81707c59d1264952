import type { Dialect } from "../dialects/dialect.ts";
import { readSegmentHeader, type SegmentHeader } from "../dialects/segment-header.ts";
import { OPENING } from "../digest/kept.ts";
import { parseRow } from "../transcript/contents.ts";
import { createLineSplitter } from "../transcript/lines.ts";

/** How a transcript, or an archive, begins: what our own row in it says, and whether a digest stands behind it. */
export type Opening = { segment: SegmentHeader | undefined; isDigest: boolean };

/** Our row is one of the first two, and all that a digest is fits in here unless somebody sets its size high. */
const OPENING_BYTES = 128 * 1024;
/** How the row of a digest spells the words with which each begins. */
const DIGEST_MARKS = ["content", "summary"].map((name) => `"${name}":${JSON.stringify(OPENING).slice(0, -1)}`);

/** Reads no further than it needs to. */
export async function readOpening(pieces: AsyncIterable<Buffer>, dialect: Dialect["name"]): Promise<Opening> {
  const opening = collectOpening(dialect);
  for await (const piece of pieces) if (opening.push(piece)) break;
  return opening.end();
}

/** Collects the opening while bytes pass by. `push` tells whether that was enough. */
export function collectOpening(dialect: Dialect["name"]): { push: (piece: Buffer) => boolean; end: () => Opening } {
  const kept: Buffer[] = [];
  let left = OPENING_BYTES;
  return {
    push(piece) {
      if (left > 0) kept.push(Buffer.from(piece.subarray(0, left)));
      left -= Math.min(left, piece.length);
      return left === 0;
    },
    end() {
      const bytes = Buffer.concat(kept);
      const first: Buffer[] = [];
      const splitter = createLineSplitter((line) => {
        if (first.length < 2) first.push(Buffer.from(line));
      });
      splitter.push(bytes);
      splitter.end();
      const segment = first.map(parseRow).flatMap((row) => (row && readSegmentHeader(row, dialect)) ?? [])[0];
      return { segment, isDigest: segment !== undefined && DIGEST_MARKS.some((mark) => bytes.includes(mark)) };
    },
  };
}
