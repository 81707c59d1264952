import { type RowReader, readWholeRows } from "./read-rows.ts";

/** Starting the skimmer costs as much as it saves with so many bytes. */
const SKIMMED_FROM_BYTES = 3_000_000;

let bytesSoFar = 0;

/** The reader for a part of a transcript of this size, by all that this process was to read so far. Both tell the same. */
export async function readerFor(bytes: number): Promise<RowReader> {
  bytesSoFar += bytes;
  if (bytesSoFar < SKIMMED_FROM_BYTES) return readWholeRows;
  const { canSkim, readSkimmedRows } = await import("./skim-rows.ts");
  return canSkim() ? readSkimmedRows : readWholeRows;
}
