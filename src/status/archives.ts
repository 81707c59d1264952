import { readCatalog } from "../archive/catalog.ts";
import type { JournalEvent } from "../state/journal.ts";
import type { ArchiveStatus } from "./status.ts";

/**
 * What the catalogs of some folders tell of the archives of an installation. No archive is read.
 *
 * @param events the run journal, which tells when archives were read back last
 */
export function lookAtArchives(
  folders: readonly string[],
  installation: string,
  events: readonly JournalEvent[],
): ArchiveStatus {
  const records = folders.flatMap(readCatalog).filter((record) => record.installation === installation);
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  const newestAt = records
    .map(({ at }) => at)
    .toSorted()
    .at(-1);
  const verified = events.findLast((event) => event.event === "verified" && event.installation === installation);
  return {
    count: records.length,
    bytes: sum(records.map(({ gzipBytes, sidecars }) => gzipBytes + (sidecars?.gzipBytes ?? 0))),
    heldBytes: sum(records.map(({ bytes }) => bytes)),
    sessions: new Set(records.map(({ sessionId }) => sessionId)).size,
    ...(newestAt === undefined ? {} : { newestAt }),
    ...(verified
      ? { verified: { at: verified.at, archives: Number(verified.archives), bad: Number(verified.bad) } }
      : {}),
  };
}
