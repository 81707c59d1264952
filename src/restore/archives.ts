import { join, sep } from "node:path";
import { type CatalogRecord, readCatalog } from "../archive/catalog.ts";

/** An archive that a catalog knows, and where it lies. */
export type Archive = { record: CatalogRecord; folder: string; path: string };

/**
 * The archives of a folder, oldest first. What a damaged catalog tells of places outside the folder is not believed.
 *
 * @param rebuilt those that the catalog does not know, and that were found all the same
 */
export function readArchives(folder: string, rebuilt: readonly CatalogRecord[] = []): Archive[] {
  return [...readCatalog(folder), ...rebuilt]
    .map((record) => ({ record, folder, path: join(folder, record.archive) }))
    .filter(({ path }) => path.startsWith(folder + sep));
}

/** A repair leaves the lines that it archives in the live file, so its archive is no part of a session's history. */
export function isRepair({ purpose, reason }: CatalogRecord): boolean {
  return (purpose ?? reason) === "repair";
}

/** What a list is narrowed down to. `sinceMs`: epoch ms. */
export type Choice = { sessions: readonly string[]; sinceMs: number | null; reason: string | null };

/** The archives that were asked for, oldest first, those of one session together. Pure. */
export function arrange(archives: readonly Archive[], { sessions, sinceMs, reason }: Choice): Archive[] {
  const chosen = archives
    .filter(({ record }) => sessions.length === 0 || sessions.includes(record.sessionId))
    .filter(({ record }) => sinceMs === null || Date.parse(record.at) >= sinceMs)
    .filter(({ record }) => reason === null || record.reason === reason)
    .toSorted((a, b) => a.record.at.localeCompare(b.record.at) || a.record.segment - b.record.segment);
  const chains = new Map<string, Archive[]>();
  for (const archive of chosen) {
    const key = `${archive.record.sessionId}\0${archive.record.source}`;
    const chain = chains.get(key);
    if (chain) chain.push(archive);
    else chains.set(key, [archive]);
  }
  return [...chains.values()].flat();
}
