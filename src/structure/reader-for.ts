import { type RowReader, readWholeRows } from "./read-rows.ts";

/** Below this size, starting the skimmer costs more than it saves. */
const SKIMMED_FROM_BYTES = 4_000_000;

/** The reader for a part of a transcript of this size. Both tell the same. */
export async function readerFor(bytes: number): Promise<RowReader> {
  if (bytes < SKIMMED_FROM_BYTES) return readWholeRows;
  const { canSkim, readSkimmedRows } = await import("./skim-rows.ts");
  return canSkim() ? readSkimmedRows : readWholeRows;
}
