import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { type CatalogRecord, readCatalog } from "./catalog.ts";
import { planRetention, type Retention } from "./keep.ts";
import { sidecarArchivesOf } from "./sidecar-archives.ts";

/** `falling`: what no rule keeps. `gone`: the same, of what only the catalog still knows. */
type Falling = { falling: Retention["archives"]; gone: CatalogRecord[]; bytes: number; archives: number };

/**
 * Finds what no rule of `archive.keep` keeps in an archive folder. An archive that is not there any more takes nobody's place.
 * `bytes`: of those that stay; `archives`: how many there are.
 */
export function findFalling(folder: string, keep: Settings["archive"]["keep"], nowMs: number): Falling {
  const records = readCatalog(folder);
  const there = records.filter(({ archive }) => lookAt(join(folder, archive)));
  const { archives, bytes } = planRetention(there, keep, nowMs);
  const falling = archives.filter(({ keptBy }) => keptBy.length === 0);
  return { falling, gone: goneOf(records, new Set(there), folder, keep, nowMs), bytes, archives: archives.length };
}

function goneOf(
  records: readonly CatalogRecord[],
  there: ReadonlySet<CatalogRecord>,
  folder: string,
  keep: Settings["archive"]["keep"],
  nowMs: number,
): CatalogRecord[] {
  if (there.size === records.length) return [];
  return planRetention(records, keep, nowMs)
    .archives.filter(({ record, keptBy }) => keptBy.length === 0 && !there.has(record))
    .map(({ record }) => record)
    .filter((record) => sidecarArchivesOf(record, folder).every(({ archive }) => !lookAt(archive)));
}
