import { gatherRelations, type Relations } from "../derive/relations.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { parseRow } from "../transcript/contents.ts";
import { createLineSplitter, readPieces } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";

/** So much is read in all, of the sessions that were last at work. */
const MOST_BYTES = 256 * 1024 * 1024;

/** What stands in every row that names another session. */
const MARKS = ["sessions_list", "sessions_spawn", "session_key: ", " sessionKey "].map((text) => Buffer.from(text));

/**
 * What the transcripts of an installation tell of sessions in others of them.
 *
 * @param sinceMs nothing that was last written before (epoch ms) can tell of them
 */
export async function readRelations(
  { transcripts }: Installation,
  sinceMs: number,
  signal: AbortSignal,
): Promise<Relations> {
  const relations = gatherRelations();
  let bytes = 0;
  const newestFirst = transcripts.toSorted((a, b) => b.fingerprint.mtimeMs - a.fingerprint.mtimeMs);
  for (const transcript of newestFirst) {
    const { dialect, kind, fingerprint } = transcript;
    if (dialect !== "openclaw" || kind !== "file" || fingerprint.mtimeMs < sinceMs) continue;
    bytes += fingerprint.sizeBytes;
    if (bytes > MOST_BYTES) break;
    signal.throwIfAborted();
    await readOne(transcript, relations.take);
  }
  return relations.told();
}

/** One that cannot be read tells nothing. */
async function readOne({ path, fingerprint }: Transcript, take: ReturnType<typeof gatherRelations>["take"]) {
  try {
    const file = await openTranscript(path, fingerprint);
    const splitter = createLineSplitter((line) => {
      if (!MARKS.some((mark) => line.includes(mark))) return;
      const row = parseRow(line);
      if (row) take(row);
    });
    try {
      for await (const piece of readPieces(file, 0, fingerprint.sizeBytes)) splitter.push(piece);
      splitter.end();
    } finally {
      await file.close();
    }
  } catch {
    // it is told elsewhere
  }
}
