import type { FileHandle } from "node:fs/promises";
import { readPieces } from "../transcript/lines.ts";
import type { Cut } from "./cut.ts";
import { markBytesOf } from "./mark.ts";

const NEWLINE = Buffer.from("\n");

/** The text of a transcript after a cut, piece by piece: each is valid until the next one. `first`: a line to be put first. */
export async function* shortenedPieces(
  file: FileHandle,
  to: number,
  { carried, keptFrom }: Cut,
  first: Buffer | undefined,
): AsyncGenerator<Buffer> {
  const start = first ? await markBytesOf(file) : 0; // the mark may only stand at the very start
  if (first) yield Buffer.concat([first, NEWLINE]);
  for (const piece of carried) {
    if ("line" in piece) yield Buffer.concat([piece.line, NEWLINE]);
    else yield* readPieces(file, Math.max(start, piece.from), piece.to);
  }
  yield* readPieces(file, Math.max(start, keptFrom), to);
}
