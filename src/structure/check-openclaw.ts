import { type Break, type Checker, type CheckerOptions, dropBlock, type Verdict } from "./checker.ts";
import type { LiveRow } from "./damage.ts";
import { createLiveRows, type LiveRows } from "./live-rows.ts";
import { flawOf, pairById } from "./pair-by-id.ts";
import { pairTurns } from "./pair-turns.ts";

const CURRENT_VERSION = 3;
const FIRST_TREE_VERSION = 2;

/**
 * Looks at a conversation the way OpenClaw puts it together: from the last entry of the file up through its parents, and of
 * that path what the latest compaction kept and what came after it. Calls and results pair within a turn of the model.
 *
 * Memory: the rows from the first one on that the latest compaction keeps. Where the path does not pass that compaction, all
 * rows are needed (`needsAllRows`), and the caller looks again with `keepAll`.
 */
export function checkOpenClaw({ past: known, keepAll }: CheckerOptions = {}): Checker {
  const rows = createLiveRows();
  const past = pairById("past", known?.damages);
  let header: "unknown" | "first" | "missing" = known === undefined ? "unknown" : "first";
  let version = CURRENT_VERSION;
  let boundary: LiveRow | undefined;
  let firstKept: LiveRow | undefined;
  let hasForgotten = known !== undefined;
  let isJudged = known !== undefined;

  /** A row that navigates makes the next one that names its place hang on where it leads. */
  const redirects = new Map<string, string>();
  const redirected = (row: LiveRow): LiveRow => {
    if (row.role === "leaf" && row.pointsTo !== undefined) {
      redirects.set(row.appendsTo ?? row.id ?? "", row.pointsTo);
      return row;
    }
    const followsId = redirects.get(row.parentId ?? "");
    if (followsId === undefined) return row;
    redirects.delete(row.parentId ?? "");
    return { ...row, followsId };
  };

  const forgetBefore = (kept: LiveRow) => {
    const all = rows.all();
    const from = all.indexOf(kept);
    for (const row of all.slice(0, from)) if (!isJudged) past.add(row);
    if (kept.role === "result") past.answerLastTurn(all.slice(0, from));
    hasForgotten ||= from > 0;
    isJudged = false;
    // a header that stands too late is still needed, to be put first
    rows.keepOnly([...all.slice(0, from).filter(({ role }) => role === "header"), ...all.slice(from)]);
    firstKept = kept;
  };

  return {
    add(row) {
      if (header === "unknown") {
        header = row.role === "header" && row.pointsTo !== undefined ? "first" : "missing";
        version = row.version ?? version;
      }
      if (row.role === "header") {
        if (header === "missing") rows.add(row); // a second one behind a first is passed over by the programs
        return;
      }
      rows.add(redirected(row));
      if (row.role !== "boundary") return;
      boundary = row;
      const kept = row.pointsTo === undefined ? undefined : rows.get(row.pointsTo);
      if (kept && !keepAll) forgetBefore(kept);
    },
    rows: rows.all,
    boundary: () => boundary,
    past: () => ({ damages: past.damages(), cutOff: [] }),
    finish() {
      const verdict: Verdict = { damages: [], drops: new Map(), breaks: [], needsAllRows: false };
      if (header === "missing") noteMissingHeader(rows, verdict);
      const path = version < FIRST_TREE_VERSION ? inFileOrder(rows) : pathToLeaf(rows, firstKept, verdict.breaks);
      const isCutOff = verdict.breaks.length > 0 || (firstKept && !path.includes(firstKept));
      if (hasForgotten && isCutOff && !keepAll) return { ...verdict, needsAllRows: true };
      const context = contextOf(path);
      noteFlaws(context, verdict);
      pairTurns(context, verdict);
      const [unsent, abandoned] = [pairById("past"), pairById("abandoned")];
      const inContext = new Set(context);
      const start = context[0]?.where.line ?? 0;
      for (const row of inFileOrder(rows))
        if (!inContext.has(row)) (row.where.line < start ? unsent : abandoned).add(row);
      if (context[0]?.role === "result") unsent.answerLastTurn(path.filter((row) => !inContext.has(row)));
      for (const { results } of context) for (const { callId } of results) past.answer(callId);
      verdict.damages.push(...past.damages(), ...unsent.damages(), ...abandoned.damages());
      return verdict;
    },
  };
}

/** Files of the first version have no ids: their order is the path. */
function inFileOrder(rows: LiveRows): LiveRow[] {
  return rows.all().filter(({ role }) => role !== "header");
}

/** From the root to the last entry. */
function pathToLeaf(rows: LiveRows, firstKept: LiveRow | undefined, breaks: Break[]): LiveRow[] {
  const entries = inFileOrder(rows);
  const leaf = entries.findLast(({ id, isAside }) => id !== undefined && !isAside);
  if (!leaf) return entries;
  const path: LiveRow[] = [];
  const visited = new Set<LiveRow>();
  for (let row: LiveRow | undefined = leaf; row && !visited.has(row); ) {
    visited.add(row);
    path.push(row);
    const parentId: string | null | undefined =
      (row.role === "leaf" && row.pointsTo) || (row.followsId ?? row.parentId);
    if (row === firstKept || parentId === null) break;
    const parent: LiveRow | undefined = parentId === undefined ? undefined : rows.get(parentId);
    if (parent) {
      row = parent;
      continue;
    }
    const bridge = rows.before(row, ({ id, role }) => id !== undefined && role !== "header");
    if (bridge && !visited.has(bridge)) breaks.push({ row, missing: parentId, bridge });
    row = bridge;
  }
  return path.reverse();
}

/** What of a path is sent: from the first entry on that the latest compaction kept, else from that compaction on. */
function contextOf(path: readonly LiveRow[]): LiveRow[] {
  const at = path.findLastIndex(({ role }) => role === "boundary");
  if (at < 0) return [...path];
  const { pointsTo, pointsToIndex } = path[at] as LiveRow;
  // places count from the header on, which is not among these
  const kept = pointsToIndex === undefined ? path.findIndex(({ id }) => id === pointsTo) : pointsToIndex - 1;
  return path.slice(pointsTo !== undefined || pointsToIndex !== undefined ? within(kept, at) : at);
}

/** A compaction that keeps what is not before it on the path keeps nothing. */
function within(kept: number, boundaryAt: number): number {
  return kept >= 0 && kept < boundaryAt ? kept : boundaryAt;
}

/** A row that would be a header and has no id stands in the way of one. */
function noteMissingHeader(rows: LiveRows, verdict: Verdict): void {
  const [first] = rows.all();
  const isUnusable = first?.role === "header" && first.pointsTo === undefined;
  if (isUnusable) dropBlock(verdict.drops, first, -1);
  const line = isUnusable ? first.where.line : 1;
  verdict.damages.push({ kind: "missing-header", reason: "", place: "live", line, ids: [] });
}

function noteFlaws(context: readonly LiveRow[], verdict: Verdict): void {
  for (const row of context) {
    if (row.flaw === undefined) continue;
    verdict.damages.push(flawOf(row, "live"));
    dropBlock(verdict.drops, row, -1);
  }
}
