import type { ArchivePurpose, CatalogRecord } from "./catalog.ts";

/** A line of archives that belong together: of the same session, or of sessions under the same registry key. */
export type Lineage = { sessionId: string; sessionKey?: string | undefined };

/**
 * The archives of a lineage beyond the newest `keep`, oldest first. Pure.
 *
 * Only rotate's own archives count and only they fall. The segments of a session count as one archive together with the one
 * that ended them; as long as the session goes on from them they stay whole. What a run has just relied on never falls in it.
 *
 * @param records oldest first, as in the catalog: their times are those of a clock that may have been set
 * @param options.next what another archive is about to be made for
 * @param options.runId of the run that is about to let them go
 * @param options.isLive whether there still is a session under this path
 */
export function archivesBeyond(
  records: readonly CatalogRecord[],
  lineage: Lineage,
  keep: number,
  { next, runId, isLive }: { next?: ArchivePurpose; runId?: string; isLive: (source: string) => boolean },
): CatalogRecord[] {
  const own = inOrderOfUse(records)
    .filter((record) => record.command === "rotate" && !isForSweep(record))
    .filter(
      (record) =>
        record.sessionId === lineage.sessionId ||
        (lineage.sessionKey !== undefined && record.sessionKey === lineage.sessionKey),
    );
  const chains = toChains(own);
  const isNew = next !== undefined && (next === "repair" || !chains.some(isOpen));
  const beyond = chains.slice(0, Math.max(0, chains.length + (isNew ? 1 : 0) - keep));
  const isOfRun = (chain: CatalogRecord[]) => runId !== undefined && chain.some((record) => record.runId === runId);
  return beyond.filter((chain) => !isOfRun(chain) && !(isOpen(chain) && isLive(chain[0]?.source ?? ""))).flat();
}

/** True for one that earlier releases let `archive` take for its own copy without saying so. Rotate makes no copies. */
function isForSweep({ purpose }: CatalogRecord): boolean {
  return purpose === "copy";
}

/** One that was relied on again counts as made then. Where the one before it is gone, all that is older is gone, too. */
function inOrderOfUse(records: readonly CatalogRecord[]): CatalogRecord[] {
  const ordered = [...records];
  for (const record of records.filter(({ usedAfter }) => usedAfter !== undefined)) {
    const [from, after] = [ordered.indexOf(record), ordered.findIndex(({ archive }) => archive === record.usedAfter)];
    if (after > from) ordered.splice(after, 0, ...ordered.splice(from, 1));
  }
  return ordered;
}

/** Each list of archives that belong together, in the order in which they began. */
function toChains(records: readonly CatalogRecord[]): CatalogRecord[][] {
  const chains: CatalogRecord[][] = [];
  for (const record of records) {
    const body = chains.find((chain) => chain.some(({ archive }) => archive === record.tailOf));
    const goesOn = (chain: CatalogRecord[]) => isOpen(chain) && isOfSame(chain, record);
    const chain = body ?? (record.purpose === "repair" ? undefined : chains.find(goesOn));
    if (chain) chain.push(record);
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
