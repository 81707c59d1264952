import { basename } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { CatalogRecord } from "./catalog.ts";

/** Why an archive stays: the rule of `archive.keep` that holds it; `last-copy`: nothing else holds the session. */
type KeepRule = "last" | "within" | "daily" | "weekly" | "monthly" | "last-copy";

/**
 * An archive with the rules that keep it; without one it falls. `isOverCeiling`: rules kept it, and `maxBytes` does not.
 * `lastCopy`: later ones that stay, which hold the session then.
 */
type Retained = {
  record: CatalogRecord;
  keptBy: KeepRule[];
  isOverCeiling: boolean;
  lastCopy: readonly CatalogRecord[];
};

/** What holds a session as it was at one time: an archive, and what was still added while the session was removed. */
type Whole = [CatalogRecord, ...CatalogRecord[]];

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
 * stays, because it may be the last copy, and so does each from which lines were taken out: what came later is without them.
 * What lay beside a session (a draft, a backup) is no copy of it, so each file of another name has a last copy of its own; what
 * belonged to no session at all has none, and goes first. What is newest shows in the order, because clocks are set; periods go
 * by the times in UTC. Pure.
 *
 * @param records oldest first, as in the catalog; of archives that are there
 */
export function planRetention(
  records: readonly CatalogRecord[],
  keep: Settings["archive"]["keep"],
  nowMs: number,
): Retention {
  const sources = new Map<string, Whole[]>();
  const oldestFirst: Whole[] = [];
  for (const record of records.filter((one) => isOwn(one) || isTakenOut(one))) {
    const name = [record.dialect, record.group, record.sessionId, record.source].join("\0");
    const wholes = sources.get(name) ?? [];
    const body = wholes.find((whole) => isOf(record, whole));
    const whole: Whole = [record];
    if (body) body.push(record);
    else sources.set(name, [...wholes, whole]);
    if (!body && isOwn(record)) oldestFirst.push(whole);
  }
  const retained = new Map<CatalogRecord, Retained>();
  for (const wholes of sources.values()) {
    const own = wholes.filter(([body]) => isOwn(body));
    const newest = own.findLast(([body]) => !isOfNoSession(body));
    const lasting = wholes.filter((whole) => whole === newest || isTakenOut(whole[0]));
    let lastCopy: CatalogRecord[] = [];
    for (const whole of wholes.toReversed()) {
      const facts = { isOverCeiling: false, lastCopy };
      if (isOwn(whole[0])) for (const record of whole) retained.set(record, { record, keptBy: [], ...facts });
      if (lasting.includes(whole)) lastCopy = [...whole, ...lastCopy];
    }
    const note = (whole: Whole, rule: KeepRule) => {
      for (const record of whole) retained.get(record)?.keptBy.push(rule);
    };
    for (const whole of lasting) note(whole, "last-copy");
    applyRules(own.toReversed(), keep, nowMs, note);
  }
  const archives = records.flatMap((record) => retained.get(record) ?? []);
  const firstToGo = oldestFirst.toSorted(([a], [b]) => Number(isOfNoSession(b)) - Number(isOfNoSession(a)));
  return { archives, bytes: applyCeiling(firstToGo, retained, keep.maxBytes) };
}

function isOwn({ command }: CatalogRecord): boolean {
  return command === "archive";
}

/** A prompt, or a draft or a backup of a registry: it was archived under its whole name, not under that of a session. */
function isOfNoSession({ reason, sessionId, source }: CatalogRecord): boolean {
  return reason === "leftover" && sessionId === basename(source);
}

/** True when the transcript went on without lines that are in this archive. */
function isTakenOut({ command, purpose }: CatalogRecord): boolean {
  if (purpose === "remove") return command !== "archive"; // it did not go on
  return purpose !== undefined && purpose !== "copy";
}

/**
 * What was added while a session was being removed has an archive of its own that names the other. Records of earlier releases
 * only name what was before. There the size tells: a later archive of all of it is hardly ever smaller, and one that is taken
 * for an addition only stays longer. Of a catalog that was made anew nobody knows the purposes.
 */
function isOf({ tailOf, previous, runId, purpose, reason, bytes }: CatalogRecord, whole: Whole): boolean {
  if (tailOf !== undefined) return whole.some(({ archive }) => archive === tailOf);
  const [body] = whole;
  if (!whole.some(({ archive }) => archive === previous) || [purpose, body.purpose].some(isOther)) return false;
  if (purpose === undefined) return reason === "idle" && bytes < body.bytes;
  return runId === body.runId || reason === "manual" || bytes < body.bytes;
}

function isOther(purpose: CatalogRecord["purpose"]): boolean {
  return purpose !== undefined && purpose !== "remove";
}

/** @param newestFirst of one session */
function applyRules(
  newestFirst: readonly Whole[],
  keep: Settings["archive"]["keep"],
  nowMs: number,
  note: (whole: Whole, rule: KeepRule) => void,
): void {
  for (const [index, whole] of newestFirst.entries()) {
    if (index < keep.last) note(whole, "last");
    if (nowMs - Date.parse(whole[0].at) <= keep.within) note(whole, "within");
  }
  for (const rule of ["daily", "weekly", "monthly"] as const) {
    const seen = new Set<number>();
    for (const whole of newestFirst) {
      const period = PERIODS[rule](Date.parse(whole[0].at));
      if (seen.size >= keep[rule] || seen.has(period)) continue;
      seen.add(period);
      note(whole, rule);
    }
  }
}

/** Lets the first go until the rest fits, or only last copies are left. @returns how many bytes stay */
function applyCeiling(
  firstToGo: readonly Whole[],
  retained: ReadonlyMap<CatalogRecord, Retained>,
  maxBytes: number,
): number {
  const rulesOf = ([body]: Whole) => retained.get(body)?.keptBy ?? [];
  let bytes = firstToGo.filter((whole) => rulesOf(whole).length > 0).reduce((sum, whole) => sum + sizeOf(whole), 0);
  for (const whole of firstToGo) {
    if (bytes <= maxBytes) break;
    if (rulesOf(whole).length === 0 || rulesOf(whole).includes("last-copy")) continue;
    bytes -= sizeOf(whole);
    for (const record of whole) Object.assign(retained.get(record) ?? {}, { keptBy: [], isOverCeiling: true });
  }
  return bytes;
}

function sizeOf(whole: Whole): number {
  const beside = whole.flatMap(({ sidecars }) => (sidecars ? [sidecars, ...(sidecars.earlier ?? [])] : []));
  return [...whole, ...beside].reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);
}
