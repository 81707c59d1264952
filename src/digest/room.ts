import type { KeptRow } from "./gather.ts";

/** With less than this there is hardly more than the name of the archive. */
export const LEAST_WORDS_BYTES = 320;

/** Bytes of a row with its newline. */
export function lineBytes(row: Buffer): number {
  return row.length + 1;
}

export function sumOfLines(rows: readonly Buffer[]): number {
  return rows.reduce((sum, row) => sum + lineBytes(row), 0);
}

/** As many rows as fit, the short ones first; in the order of the file. */
export function rowsWithin(rows: readonly KeptRow[], roomBytes: number): KeptRow[] {
  let leftBytes = roomBytes;
  const chosen = rows
    .toSorted((a, b) => a.bytes.length - b.bytes.length)
    .filter(({ bytes }) => {
      leftBytes -= lineBytes(bytes);
      return leftBytes >= 0;
    });
  return rows.filter((row) => chosen.includes(row));
}

/** What a reply may take with its newline: so much of the room, more where the words leave some, and never all of theirs. */
export function replyBytes(shareBytes: number, roomBytes: number, wordsBytes: number): number {
  return Math.max(Math.min(Math.floor(shareBytes), roomBytes - LEAST_WORDS_BYTES), roomBytes - wordsBytes);
}

/** The rows as the text of a transcript. */
export function asLines(rows: readonly Buffer[]): Buffer {
  return Buffer.concat(rows.flatMap((row) => [row, Buffer.from("\n")]));
}

export function encodeRow(row: object): Buffer {
  return Buffer.from(JSON.stringify(row));
}
