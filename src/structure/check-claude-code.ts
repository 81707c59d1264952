import type { Preserved } from "../dialects/dialect.ts";
import type { Break, Checker, CheckerOptions, Verdict } from "./checker.ts";
import type { LiveRow } from "./damage.ts";
import { createLiveRows, type LiveRows } from "./live-rows.ts";
import { pairActive } from "./pair-active.ts";
import { pairById } from "./pair-by-id.ts";

/**
 * Looks at a conversation the way Claude Code puts it together: from the last row of the main line up through its parents
 * to the last compaction, with all rows of the replies met on the way and the results that hang on those. One reply spans
 * several rows, so the way up alone misses calls that ran side by side.
 *
 * Memory: the rows since the last compaction.
 */
export function checkClaudeCode({ past: known }: CheckerOptions = {}): Checker {
  const rows = createLiveRows();
  const past = pairById(
    "past",
    known?.damages.filter(({ place }) => place !== "sidechain"),
  );
  const sidechain = pairById(
    "sidechain",
    known?.damages.filter(({ place }) => place === "sidechain"),
  );
  let boundary: LiveRow | undefined;
  let leafId: string | undefined;
  /** calls that were still running when the last compaction came */
  let cutOff: ReadonlySet<string> = new Set(known?.cutOff);
  /** what stands before the first boundary was judged by the look that this one goes on from */
  let isJudged = known !== undefined;

  const closeSegment = (next: LiveRow) => {
    for (const row of rows.all()) if (row.isMain && !row.isPreserved && !isJudged) past.add(row);
    if (!isJudged) cutOff = new Set(past.answerLastTurn(rows.all()));
    past.forgetAnswered();
    sidechain.forgetAnswered();
    const preserved = preservedBy(next.preserved, rows).map((row): LiveRow => ({ ...row, isPreserved: true }));
    rows.keepOnly([...preserved, next]);
    [boundary, leafId, isJudged] = [next, undefined, false];
  };

  return {
    add(row) {
      if (row.role === "leaf") leafId = row.pointsTo;
      if (row.id === undefined) return;
      if (!row.isMain && !isJudged) sidechain.add(row);
      if (row.role === "boundary" && row.isMain) closeSegment(row);
      else rows.add(row);
    },
    rows: rows.all,
    boundary: () => boundary,
    past: () => ({ damages: [...past.damages(), ...sidechain.damages()], cutOff: [...cutOff] }),
    finish() {
      const verdict: Verdict = { damages: [], drops: new Map(), breaks: [], needsAllRows: false };
      const { path, active } = findActive(rows, leafId, verdict.breaks);
      const sent = rows.all().filter((row) => row.isMain && active.has(row));
      for (const { results } of sent) for (const { callId } of results) past.answer(callId);
      pairActive(sent, verdict, { isOnPath: (row) => path.has(row), isCutOff: (id) => cutOff.has(id) });
      const abandoned = pairById("abandoned");
      for (const row of rows.all()) if (row.isMain && !active.has(row)) abandoned.add(row);
      verdict.damages.push(...past.damages(), ...sidechain.damages(), ...abandoned.damages());
      return verdict;
    },
  };
}

/** The rows before a compaction that it keeps: both of its lists count, because releases read one or the other. */
function preservedBy(preserved: Preserved | undefined, rows: LiveRows): LiveRow[] {
  if (!preserved) return [];
  const ids = new Set(preserved.ids);
  for (let id = preserved.headId ? preserved.tailId : undefined; id !== undefined; ) {
    const row = rows.get(id);
    if (!row || ids.has(`walked ${id}`)) break;
    ids.add(id).add(`walked ${id}`);
    id = id === preserved.headId ? undefined : (row.parentId ?? undefined);
  }
  return rows.all().filter(({ id }) => id !== undefined && ids.has(id));
}

/** The rows that a resume puts into the conversation. Breaks on the way are bridged as later releases do, and noted. */
function findActive(
  rows: LiveRows,
  leafId: string | undefined,
  breaks: Break[],
): { path: ReadonlySet<LiveRow>; active: ReadonlySet<LiveRow> } {
  const path = new Set<LiveRow>();
  const last = rows.all().findLast(({ isMain }) => isMain);
  const checkpoint = leafId === undefined ? undefined : rows.get(leafId);
  for (const leaf of [checkpoint, last]) climb(leaf, rows, path, breaks);
  for (const row of rows.all()) if (row.isPreserved) path.add(row);
  const active = new Set(path);
  const replies = new Set<string>();
  for (const row of rows.all()) {
    if (row.role === "assistant" && row.messageId && active.has(row)) replies.add(row.messageId);
  }
  for (const row of rows.all()) if (row.messageId && replies.has(row.messageId)) active.add(row);
  const isActive = (id: string | null | undefined) => {
    const row = typeof id === "string" ? rows.get(id) : undefined;
    return row !== undefined && active.has(row);
  };
  for (const row of rows.all()) {
    const holdsResults = row.role === "user" && row.results.length > 0;
    if (holdsResults && (isActive(row.parentId) || isActive(row.callRowId))) active.add(row);
  }
  return { path, active };
}

/** Marks the rows from one up to its root. The head of what a compaction preserved hangs on the summary, whatever it names. */
function climb(leaf: LiveRow | undefined, rows: LiveRows, path: Set<LiveRow>, breaks: Break[]): void {
  const visited = new Set<LiveRow>();
  for (let row = leaf; row && !path.has(row); ) {
    visited.add(row);
    path.add(row);
    if (typeof row.parentId !== "string") return;
    const parent = rows.get(row.parentId);
    if (parent || row.isPreserved) {
      row = parent;
      continue;
    }
    const bridge = rows.before(row, ({ isMain, id }) => isMain && id !== undefined);
    if (!bridge || leadsTo(bridge, visited, rows)) return;
    breaks.push({ row, missing: row.parentId, bridge });
    row = bridge;
  }
}

/** True when a row hangs on one of these itself, so that a bridge to it would close a circle. */
function leadsTo(from: LiveRow, these: ReadonlySet<LiveRow>, rows: LiveRows): boolean {
  const seen = new Set<LiveRow>();
  for (let row: LiveRow | undefined = from; row && !seen.has(row); row = rows.get(row.parentId ?? "")) {
    if (these.has(row)) return true;
    seen.add(row);
  }
  return false;
}
