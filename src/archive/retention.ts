import type { ArchivePurpose, CatalogRecord } from "./catalog.ts";

/** A line of archives that belong together: of the same session, or of sessions under the same registry key. */
export type Lineage = { sessionId: string; sessionKey?: string | undefined };

/**
 * The archives of a lineage beyond the newest `keep`, oldest first. Pure.
 *
 * Only rotate's own archives count and only they fall. The segments of a session count as one archive together with the one
 * that ended them; as long as the session goes on from them they stay whole.
 *
 * @param options.next what another archive is about to be made for
 * @param options.isLive whether there still is a session under this path
 */
export function archivesBeyond(
  records: readonly CatalogRecord[],
  lineage: Lineage,
  keep: number,
  { next, isLive }: { next?: ArchivePurpose; isLive: (source: string) => boolean },
): CatalogRecord[] {
  const own = records
    .filter(({ command }) => command === "rotate")
    .filter(
      (record) =>
        record.sessionId === lineage.sessionId ||
        (lineage.sessionKey !== undefined && record.sessionKey === lineage.sessionKey),
    )
    .toSorted((a, b) => a.at.localeCompare(b.at) || a.segment - b.segment);
  const chains = toChains(own);
  const isNew = next !== undefined && (next === "repair" || !chains.some(isOpen));
  const beyond = chains.slice(0, Math.max(0, chains.length + (isNew ? 1 : 0) - keep));
  return beyond.filter((chain) => !(isOpen(chain) && isLive(chain[0]?.source ?? ""))).flat();
}

/** Each list of archives that belong together, in the order in which they began. */
function toChains(records: readonly CatalogRecord[]): CatalogRecord[][] {
  const chains: CatalogRecord[][] = [];
  for (const record of records) {
    const open =
      record.purpose === "repair" ? undefined : chains.find((chain) => isOpen(chain) && isOfSame(chain, record));
    if (open) open.push(record);
    else chains.push([record]);
  }
  return chains;
}

/** The live transcript goes on where its last segment ends. */
function isOpen(chain: readonly CatalogRecord[]): boolean {
  return chain.at(-1)?.purpose === "cut";
}

function isOfSame(chain: readonly CatalogRecord[], { sessionId, source }: CatalogRecord): boolean {
  return chain[0]?.sessionId === sessionId && chain[0].source === source;
}
