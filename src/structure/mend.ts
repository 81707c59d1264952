import type { Dialect } from "../dialects/dialect.ts";
import type { LiveRow, Where } from "./damage.ts";
import type { LineEdit, Mending, RowEdit } from "./edits.ts";
import type { Scan } from "./scan.ts";

/**
 * Decides what has to be changed so that the damage in what is sent is gone and nothing else is: rows without anything sound
 * in them go, and what hung on them hangs on what they hung on. Pure.
 *
 * @returns undefined when there is nothing that can be mended
 */
export function planMending(scan: Scan, dialect: Dialect): Mending | undefined {
  const byId = new Map(scan.rows.flatMap((row) => (row.id === undefined ? [] : [[row.id, row] as const])));
  const bridges = new Map(scan.bridges.map(({ row, bridge }) => [row, bridge]));
  const edits = new Map<number, LineEdit>();
  const unkept = rowsNoLongerKept(scan);
  const isDropped = (row: LiveRow | undefined) =>
    row !== undefined && scan.drops.get(row) === "row" && !unkept.includes(row);
  const twinOf = findTwins(scan);

  const editOf = (where: Where): RowEdit => {
    const line = edits.get(where.line) ?? { where, isUnreadable: false, rows: new Map() };
    edits.set(where.line, line);
    const row = line.rows.get(where.part) ?? {};
    line.rows.set(where.part, row);
    return row;
  };
  const setMember = (where: Where, name: string, value: string | number | null) => {
    const edit = editOf(where);
    edit.set = { ...edit.set, [name]: value };
  };
  /** Where something that hangs on this row shall hang when rows are gone. */
  const resolve = (id: string | null): string | null => {
    const seen = new Set<string>();
    let at = id;
    for (let row = byId.get(at ?? ""); row && isDropped(row) && !seen.has(at ?? ""); row = byId.get(at ?? "")) {
      seen.add(at ?? "");
      const bridge = bridges.get(row);
      at =
        sideTwinOf(row)?.id ?? (bridge ? (bridge.id ?? null) : row.isPreserved ? stayOf(row) : (row.parentId ?? null));
    }
    return at;
  };
  /** A twin on the way up is met there anyway, with what stands between the two. */
  const sideTwinOf = (row: LiveRow): LiveRow | undefined => {
    const twin = twinOf(row);
    const seen = new Set<LiveRow>();
    for (let at = byId.get(row.parentId ?? ""); twin && at && !seen.has(at); at = byId.get(at.parentId ?? "")) {
      if (at === twin) return undefined;
      seen.add(at);
    }
    return twin;
  };
  /** The head of what a compaction kept has no parent among the live rows: what hung on it hangs on the summary. */
  const stayOf = (row: LiveRow): string | null =>
    byId.has(row.parentId ?? "") ? (row.parentId ?? null) : (summaryOf(scan)?.id ?? scan.boundary?.id ?? null);

  for (const { where, isSaved } of scan.unreadable)
    edits.set(where.line, { where, isUnreadable: true, rows: new Map(isSaved ? [] : [[0, { isDropped: true }]]) });
  for (const [row, drop] of scan.drops) {
    // what a compaction need not keep stays where it is, and is sent no more
    if ((row.isPreserved || unkept.includes(row)) && drop === "row") continue;
    if (drop === "row") editOf(row.where).isDropped = true;
    else editOf(row.where).dropBlocks = drop;
  }
  for (const row of scan.rows) {
    if (isDropped(row)) continue;
    const bridge = bridges.get(row);
    const parentId = resolve(bridge ? (bridge.id ?? null) : (row.parentId ?? null));
    if (row.id !== undefined && parentId !== (row.parentId ?? null))
      setMember(row.where, dialect.linkNames.parentId, parentId);
    for (const [name, id] of [
      ["targetId", row.role === "leaf" && row.pointsTo] as const,
      ["appendParentId", row.appendsTo] as const,
    ])
      if (id && resolve(id) !== id) setMember(row.where, name, resolve(id));
    const index = keptIndex(row, scan, isDropped, unkept);
    if (index !== row.pointsToIndex && index !== undefined) setMember(row.where, "firstKeptEntryIndex", index);
    if (row.callRowId !== undefined && isDropped(byId.get(row.callRowId)))
      setMember(row.where, "sourceToolAssistantUUID", resolve(row.callRowId));
  }
  for (const { where, pointsTo } of scan.leaves) {
    const leafId = resolve(pointsTo);
    if (leafId !== pointsTo) setMember(where, "leafUuid", leafId);
  }
  const { boundary } = scan;
  if (boundary?.pointsTo !== undefined && unkept.length > 0)
    setMember(boundary.where, "firstKeptEntryId", nextKept(scan, unkept)?.id ?? null);
  if (boundary?.preserved && [...scan.drops].some(([row, drop]) => row.isPreserved && drop === "row"))
    editOf(boundary.where).unlist = unlistDropped(scan, isDropped);
  for (const where of scan.halfCharacters) editOf(where).mendHalves = true;

  const header = headerFor(scan);
  if (typeof header === "object") editOf(header).isDropped = true; // it moves to the front
  if (edits.size === 0 && header === undefined) return undefined;
  return {
    edits: [...edits.values()].toSorted((a, b) => a.where.at - b.where.at),
    header,
    losses: lossesOf(scan, isDropped),
  };
}

function headerFor(scan: Scan): Mending["header"] {
  if (!scan.damages.some(({ kind }) => kind === "missing-header")) return undefined;
  return scan.rows.find(({ role, pointsTo }) => role === "header" && pointsTo !== undefined)?.where ?? "new";
}

/** The row that a compaction is followed by: what the conversation was summed up to. */
function summaryOf({ rows, boundary }: Scan): LiveRow | undefined {
  return rows.find(({ parentId }) => boundary?.id !== undefined && parentId === boundary.id);
}

/** Of calls and results that stand twice: the earlier row, which stays, and on which hangs what hung on the later one. */
function findTwins({ rows, drops }: Scan): (row: LiveRow) => LiveRow | undefined {
  const first = new Map<string, LiveRow>();
  const namesOf = ({ calls, results }: LiveRow) => [
    ...calls.map(({ id }) => `call ${id}`),
    ...results.map(({ callId }) => `result ${callId}`),
  ];
  for (const row of rows) {
    if (drops.get(row) === "row") continue;
    for (const name of namesOf(row)) if (!first.has(name)) first.set(name, row);
  }
  return (row) => {
    const twin = namesOf(row).flatMap((name) => first.get(name) ?? [])[0];
    return twin && twin.where.line < row.where.line ? twin : undefined;
  };
}

/** In old versions a compaction names the first row that it keeps by its place, which moves with what is taken out before. */
function keptIndex(
  { pointsToIndex }: LiveRow,
  scan: Scan,
  isDropped: (row: LiveRow) => boolean,
  unkept: readonly LiveRow[],
): number | undefined {
  if (pointsToIndex === undefined) return undefined;
  const { rows, unreadable } = scan;
  const unread = new Set(unreadable.map(({ where: { line } }) => line));
  const entries = rows.filter(({ role }) => role !== "header");
  const named = entries.filter(({ where: { line } }) => !unread.has(line))[pointsToIndex - 1];
  const kept = named && unkept.includes(named) ? nextKept(scan, unkept) : named;
  return kept && entries.filter((row) => row === kept || !isDropped(row)).indexOf(kept) + 1;
}

/**
 * Results at the beginning of what an OpenClaw compaction kept, whose calls it did not keep: it can begin behind them, and
 * nothing has to go.
 */
function rowsNoLongerKept({ rows, boundary, drops }: Scan): LiveRow[] {
  const unkept: LiveRow[] = [];
  if (!boundary) return unkept;
  for (let row = firstKept(rows, boundary); row && drops.get(row) === "row"; row = followerOf(row, rows)) {
    if (row.role !== "result" || row.where.line >= boundary.where.line || unkept.includes(row)) break;
    unkept.push(row);
  }
  return unkept;
}

function firstKept(rows: readonly LiveRow[], { pointsTo, pointsToIndex }: LiveRow): LiveRow | undefined {
  if (pointsToIndex !== undefined) return rows.filter(({ role }) => role !== "header")[pointsToIndex - 1];
  return pointsTo === undefined ? undefined : rows.find(({ id }) => id === pointsTo);
}

/** The row that comes next on the way to the newest; in old versions the next of the file. */
function followerOf(row: LiveRow, rows: readonly LiveRow[]): LiveRow | undefined {
  return row.id === undefined ? rows[rows.indexOf(row) + 1] : rows.findLast(({ parentId }) => parentId === row.id);
}

function nextKept({ rows }: Scan, unkept: readonly LiveRow[]): LiveRow | undefined {
  const last = unkept.at(-1);
  return last && followerOf(last, rows);
}

function unlistDropped({ rows, boundary }: Scan, isDropped: (row: LiveRow) => boolean): NonNullable<RowEdit["unlist"]> {
  const preserved = rows.filter(({ isPreserved }) => isPreserved);
  const ids = new Set(preserved.filter(isDropped).flatMap(({ id }) => id ?? []));
  const { headId, tailId } = boundary?.preserved ?? {};
  const kept = preserved.filter((row) => !isDropped(row));
  // the segment is walked from its tail up: its ends are the first and the last that are left of it
  const head = headId !== undefined && ids.has(headId) ? kept[0]?.id : headId;
  const tail = tailId !== undefined && ids.has(tailId) ? kept.at(-1)?.id : tailId;
  return { ids, headId: head, tailId: tail };
}

function lossesOf({ damages, drops, unreadable }: Scan, isDropped: (row: LiveRow) => boolean): Mending["losses"] {
  const doubled = (what: string) =>
    damages.filter(({ kind, place }) => kind === `duplicate-${what}` && place === "live").length;
  const [doubledCalls, doubledResults] = [doubled("call"), doubled("result")];
  const losses = {
    results: -doubledResults,
    calls: -doubledCalls,
    doubles: doubledCalls + doubledResults,
    rows: 0,
    unreadableLines: unreadable.filter(({ isSaved }) => !isSaved).length,
  };
  for (const [row, drop] of drops) {
    if (drop === "row" && (row.isPreserved || !isDropped(row))) continue;
    const isGone = (index: number) => drop === "row" || drop.has(index);
    losses.calls += row.calls.filter(({ index }) => isGone(index)).length;
    losses.results += row.results.filter(({ index }) => isGone(index)).length;
    if (drop === "row" && row.calls.length + row.results.length === 0) losses.rows += 1;
  }
  // what a compaction need not keep was told as doubled, and stays where it is
  return { ...losses, results: Math.max(0, losses.results), calls: Math.max(0, losses.calls) };
}
