import type { FileHandle } from "node:fs/promises";
import { readPieces, readRange } from "../transcript/lines.ts";
import { editLine } from "./edit-line.ts";
import type { Mending } from "./edits.ts";
import { markBytesOf } from "./mark.ts";

const NEWLINE = Buffer.from("\n");

/**
 * The bytes [0, to) of a transcript with what is to be mended in them mended, in pieces that are valid until the next one.
 * Memory: one block, and the longest line that is edited.
 *
 * @param header a line to be put first
 */
export async function* mendedPieces(
  file: FileHandle,
  to: number,
  { edits }: Mending,
  header: Buffer | undefined,
): AsyncGenerator<Buffer> {
  let at = 0;
  if (header) {
    yield Buffer.concat([header, NEWLINE]);
    at = await markBytesOf(file); // it may only stand at the very start
  }
  for (const edit of edits) {
    const { where } = edit;
    yield* readPieces(file, at, where.at);
    const end = where.at + where.bytes;
    const line = editLine(await readRange(file, Math.max(at, where.at), end), edit, end + 1 >= to);
    if (line) yield Buffer.concat([line, NEWLINE]);
    at = end + 1;
  }
  yield* readPieces(file, at, to);
}
