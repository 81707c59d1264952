import type { Archive } from "./archives.ts";
import { type Part, traceHistory } from "./chain.ts";
import { readHead } from "./head.ts";
import { unpack } from "./unpack.ts";
import { joinParts } from "./write-history.ts";

/** What is to be written, and what it is made of. `missing`: the archive before all that, when it is not there any more. */
export type Copy = {
  archives: Archive[];
  withLive: boolean;
  missing: string | undefined;
  pieces: () => AsyncGenerator<Buffer>;
};

/** What one archive holds, as it is. */
export function copyOfArchive(archive: Archive, signal: AbortSignal): Copy {
  return { archives: [archive], withLive: false, missing: undefined, pieces: () => unpack(archive, signal) };
}

/**
 * A session's history up to an archive or to its live transcript.
 *
 * @param archives all that may belong to it, in the order in which they were made
 */
export async function copyOfHistory(
  newest: Archive | Part,
  archives: readonly Archive[],
  signal: AbortSignal,
): Promise<Copy> {
  const open = async (archive: Archive): Promise<Part> => ({
    sessionId: archive.record.sessionId,
    source: archive.record.source,
    archive,
    head: await readHead(unpack(archive, signal), archive.record.dialect),
    pieces: () => unpack(archive, signal),
  });
  const last = "record" in newest ? await open(newest) : newest;
  const { parts, missing } = await traceHistory(last, archives, open);
  return {
    archives: parts.flatMap(({ archive }) => archive ?? []),
    withLive: last.archive === undefined,
    missing,
    pieces: () => joinParts(parts.map(({ head: { segment }, pieces }) => ({ segment, pieces }))),
  };
}
