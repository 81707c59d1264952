import type { CatalogRecord } from "./catalog.ts";

/** A line of archives that belong together: of the same session, or of sessions under the same registry key. */
export type Lineage = { sessionId: string; sessionKey?: string | undefined };

/**
 * The archives of a lineage beyond the newest `keep`, oldest first. Pure.
 *
 * Only rotate's own archives count and only they fall. `expected` more are about to be made.
 */
export function archivesBeyond(
  records: readonly CatalogRecord[],
  lineage: Lineage,
  keep: number,
  expected = 0,
): CatalogRecord[] {
  const own = records
    .filter(({ command }) => command === "rotate")
    .filter(
      (record) =>
        record.sessionId === lineage.sessionId ||
        (lineage.sessionKey !== undefined && record.sessionKey === lineage.sessionKey),
    )
    .toSorted((a, b) => a.at.localeCompare(b.at) || a.segment - b.segment);
  return own.slice(0, Math.max(0, own.length + expected - keep));
}
