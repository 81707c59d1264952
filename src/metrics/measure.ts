import { statSync } from "node:fs";
import { type CatalogRecord, catalogPathOf, readCatalog } from "../archive/catalog.ts";
import type { Installation } from "../installation/installation.ts";
import type { Amount, Measured } from "./figures.ts";

/** What catalogs told, by folder, so that one that did not change is not read again. `stamp`: of the file that was read. */
export type CatalogSums = Record<string, { stamp: string; sums: Record<string, Record<string, Amount>> }>;

/** The transcripts of an installation as they are by now, by dialect. A transcript that is gone meanwhile does not count. */
export function measureTranscripts({
  transcripts,
  claude,
  openclaw,
}: Installation): NonNullable<Measured["transcripts"]> {
  const of: NonNullable<Measured["transcripts"]> = {};
  const homes = [...(claude ? ["claude-code"] : []), ...(openclaw ? ["openclaw"] : [])];
  for (const dialect of homes) of[dialect] = { count: 0, bytes: 0, largest: 0 };
  for (const { path, dialect } of transcripts) {
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) continue;
    const { count, bytes, largest } = of[dialect] ?? { count: 0, bytes: 0, largest: 0 };
    of[dialect] = { count: count + 1, bytes: bytes + size, largest: Math.max(largest, size) };
  }
  return of;
}

/**
 * What an installation has in archives, by dialect. `name`: counts what was made for that installation only, where others keep
 * theirs in the same folders. `known`: what earlier runs read; brought up to date.
 */
export function measureArchives(
  folders: readonly string[],
  name: string | undefined,
  known: CatalogSums,
): Record<string, Amount> {
  const total: Record<string, Amount> = {};
  for (const folder of folders) {
    const sums = sumsOf(folder, known);
    for (const [installation, byDialect] of Object.entries(sums))
      if (name === undefined || installation === name)
        for (const [dialect, amount] of Object.entries(byDialect)) total[dialect] = add(total[dialect], amount);
  }
  return total;
}

function sumsOf(folder: string, known: CatalogSums): Record<string, Record<string, Amount>> {
  const stats = statSync(catalogPathOf(folder), { throwIfNoEntry: false });
  if (!stats) return {};
  const stamp = [stats.dev, stats.ino, stats.size, stats.mtimeMs].join(" ");
  const before = known[folder];
  if (before?.stamp === stamp) return before.sums;
  const sums: Record<string, Record<string, Amount>> = {};
  for (const record of readCatalog(folder)) {
    const of = sums[record.installation] ?? {};
    of[record.dialect] = add(of[record.dialect], amountOf(record));
    sums[record.installation] = of;
  }
  known[folder] = { stamp, sums };
  return sums;
}

/** What belongs to a transcript counts with it. */
function amountOf({ gzipBytes, sidecars }: CatalogRecord): Amount {
  return { count: 1, bytes: gzipBytes + (sidecars?.gzipBytes ?? 0) };
}

function add(one: Amount | undefined, other: Amount): Amount {
  return { count: (one?.count ?? 0) + other.count, bytes: (one?.bytes ?? 0) + other.bytes };
}
