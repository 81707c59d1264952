import type { Settings } from "../config/settings.ts";
import type { CatalogRecord } from "./catalog.ts";

/** Why an archive stays: the rule of `archive.keep` that holds it; `last-copy`: nothing else holds the session. */
type KeepRule = "last" | "within" | "daily" | "weekly" | "monthly" | "last-copy";

/** An archive with the rules that keep it; without one it falls. `isOverCeiling`: rules kept it, and `maxBytes` does not. */
type Retained = { record: CatalogRecord; keptBy: KeepRule[]; isOverCeiling: boolean };

export type Retention = {
  archives: Retained[];
  /** of all archives of the command together, after those that fall are gone */
  bytes: number;
};

const DAY_MS = 86_400_000;
/** 1970 began on a Thursday; weeks begin on Mondays. */
const MONDAY_MS = 4 * DAY_MS;

const PERIODS = {
  daily: (atMs: number) => Math.floor(atMs / DAY_MS),
  weekly: (atMs: number) => Math.floor((atMs - MONDAY_MS) / (7 * DAY_MS)),
  monthly: (atMs: number) => new Date(atMs).getUTCFullYear() * 12 + new Date(atMs).getUTCMonth(),
};

/**
 * Decides which of the command `archive`'s own archives stay. An archive stays if any rule keeps it, session by session;
 * `maxBytes` is a ceiling over the rules for all of them together, the oldest go first. The newest archive of a session always
 * stays, because it may be the last copy. Days are those of UTC. Pure.
 *
 * @param records oldest first, as in the catalog
 */
export function planRetention(
  records: readonly CatalogRecord[],
  keep: Settings["archive"]["keep"],
  nowMs: number,
): Retention {
  const own = records
    .filter(({ command }) => command === "archive")
    .toSorted((a, b) => a.at.localeCompare(b.at) || a.segment - b.segment);
  const sessions = new Map<string, CatalogRecord[]>();
  for (const record of own) {
    const name = `${record.dialect} ${record.group} ${record.sessionId}`;
    const archives = sessions.get(name);
    if (archives) archives.push(record);
    else sessions.set(name, [record]);
  }
  const rules = new Map<CatalogRecord, KeepRule[]>();
  for (const archives of sessions.values()) {
    for (const record of archives) rules.set(record, []);
    applyRules(archives.toReversed(), keep, nowMs, (record, rule) => rules.get(record)?.push(rule));
  }
  const archives = own.map((record): Retained => ({ record, keptBy: rules.get(record) ?? [], isOverCeiling: false }));
  let bytes = archives.filter(({ keptBy }) => keptBy.length > 0).reduce((sum, { record }) => sum + sizeOf(record), 0);
  for (const archive of archives) {
    if (bytes <= keep.maxBytes) break;
    if (archive.keptBy.length === 0 || archive.keptBy.includes("last-copy")) continue;
    bytes -= sizeOf(archive.record);
    archive.keptBy = [];
    archive.isOverCeiling = true;
  }
  return { archives, bytes };
}

/** @param newestFirst of one session */
function applyRules(
  newestFirst: readonly CatalogRecord[],
  keep: Settings["archive"]["keep"],
  nowMs: number,
  note: (record: CatalogRecord, rule: KeepRule) => void,
): void {
  for (const [index, record] of newestFirst.entries()) {
    if (index === 0) note(record, "last-copy");
    if (index < keep.last) note(record, "last");
    if (nowMs - Date.parse(record.at) <= keep.within) note(record, "within");
  }
  for (const rule of ["daily", "weekly", "monthly"] as const) {
    const seen = new Set<number>();
    for (const record of newestFirst) {
      const period = PERIODS[rule](Date.parse(record.at));
      if (seen.size >= keep[rule] || seen.has(period)) continue;
      seen.add(period);
      note(record, rule);
    }
  }
}

function sizeOf({ gzipBytes, sidecars }: CatalogRecord): number {
  const beside = sidecars ? [sidecars, ...(sidecars.earlier ?? [])] : [];
  return beside.reduce((sum, one) => sum + one.gzipBytes, gzipBytes);
}
