import type { CutRefusal } from "./cut.ts";
import { conversationOf, type TreeRow } from "./openclaw-tree.ts";

/** Rows of which only the last one counts. */
const LAST_COUNTS = new Set(["model_change", "thinking_level_change", "session_info"]);
/** What OpenClaw notes for itself, some of it at every turn. It looks for the newest that fits. */
const OWN_NOTES = /^(?:openclaw[.:]|model-snapshot$|google-turn-ordering-bootstrap$)/;
const NOTES_KEPT = 8;
/** Our own row, which names the archive of what was cut off before. */
const SEGMENT_ROW = "segment-header";
/** Some releases take a transcript for one without a reply when there is none in so many rows. */
const ROWS_LOOKED_AT = 500;

/** A compaction that a transcript can be cut at, and the conversation around it. */
export type Kept = {
  byId: ReadonlyMap<string, TreeRow>;
  boundary: TreeRow;
  /** of the conversation, before the first row that the compaction keeps */
  before: TreeRow[];
  /** of the conversation, from that row on */
  kept: TreeRow[];
};

export type Layout = {
  /** all rows of the result behind the header, in order; one that hangs elsewhere than in the file is a copy */
  rows: TreeRow[];
  /** on what rows hang that get another parent, by the offset at which they stand in the file */
  parents: ReadonlyMap<number, string | null>;
};

/**
 * Decides which rows stay and on which each hangs then. Pure.
 *
 * @param rows of the whole file
 * @param segmentId of our own row, on which the first of them hangs
 */
export function layOutCut(
  rows: readonly TreeRow[],
  { before, kept, boundary }: Kept,
  segmentId: string,
): Layout | CutRefusal {
  const state = stateIn(before);
  const firstKept = kept[0] as TreeRow;
  const tail = rows.slice(rows.indexOf(firstKept));
  const parents = new Map<number, string | null>();
  let chainId = segmentId;
  for (const row of [...state, firstKept]) {
    if (row.parentId !== chainId) parents.set(row.at, chainId);
    chainId = row.id as string;
  }
  const dropped = dropLoose(tail, new Set(kept), parents);
  if ("refused" in dropped) return dropped;
  const stays = [...state, ...tail.filter((row) => !dropped.has(row))].map((row) => {
    const parentId = parents.get(row.at);
    return parentId === undefined ? row : { ...row, parentId };
  });
  const replies = new Set(kept.flatMap(({ isReply, at }) => (isReply ? at : [])));
  const reply = stays.findIndex(({ at }) => replies.has(at));
  // the header and our row stand before them
  if (reply < 0 || reply + 3 > ROWS_LOOKED_AT) return { refused: "no-reply", line: boundary.line };
  const segment = { ...firstKept, type: "custom", id: segmentId, parentId: null };
  const expected = [segment, ...state, ...kept.filter((row) => !dropped.has(row))];
  const layout: Layout = { rows: [segment, ...stays], parents };
  return isConversation(expected, layout.rows) ? layout : { refused: "checkpoint", line: boundary.line };
}

/** The state that was set before: rows of it that are still looked for, in their order. */
function stateIn(before: readonly TreeRow[]): TreeRow[] {
  const counts = new Map<string, number>();
  const isWanted = ({ type, customType = "" }: TreeRow) => {
    if (type !== "custom" && !LAST_COUNTS.has(type)) return false;
    if (customType === SEGMENT_ROW) return false;
    const limit = type !== "custom" ? 1 : OWN_NOTES.test(customType) ? NOTES_KEPT : Number.POSITIVE_INFINITY;
    const key = `${type} ${customType}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return (counts.get(key) ?? 0) <= limit;
  };
  return before.toReversed().filter(isWanted).reverse();
}

/**
 * Finds the rows behind the first kept one that go: those that hang on something that is cut off, and labels of it. What
 * hangs on such a label then hangs on what that hung on.
 *
 * @param tail the first kept row, and all that stands behind it
 * @param parents is added to
 */
function dropLoose(
  tail: readonly TreeRow[],
  kept: ReadonlySet<TreeRow>,
  parents: Map<number, string | null>,
): Set<TreeRow> | CutRefusal {
  const dropped = new Set<TreeRow>();
  const named = new Set(tail.flatMap(namedBy));
  const ids = new Set([tail[0]?.id]);
  const bridges = new Map<string, string | null>();
  const isLoose = ({ id = "", pointsTo = "" }: TreeRow) =>
    !ids.has(pointsTo) && !named.has(id) && id !== tail.at(-1)?.id;
  for (const row of tail.slice(1)) {
    const { id, parentId } = row;
    if (id === undefined) continue;
    const hangsOn = typeof parentId === "string" && bridges.has(parentId) ? bridges.get(parentId) : parentId;
    if (row.type === "leaf") {
      const leadsTo = [row.pointsTo, row.appendsTo ?? row.pointsTo];
      if (leadsTo.some((one) => one === undefined || !ids.has(one))) return { refused: "checkpoint", line: row.line };
    } else if (typeof hangsOn === "string" && !ids.has(hangsOn)) {
      if (kept.has(row)) return { refused: "straggler", line: row.line };
      dropped.add(row);
      continue;
    } else if (row.type === "label" && isLoose(row) && hangsOn !== undefined) {
      bridges.set(id, hangsOn);
      dropped.add(row);
      continue;
    }
    if (hangsOn !== parentId && hangsOn !== undefined) parents.set(row.at, hangsOn);
    ids.add(id);
  }
  return dropped;
}

/** Rows that other rows name for what they are, and that therefore stay. */
function namedBy({ type, pointsTo, appendsTo }: TreeRow): string[] {
  return type === "leaf" || type === "compaction" ? [pointsTo, appendsTo].flatMap((id) => id ?? []) : [];
}

/** The result is read as the programs read it before anybody gets it. */
function isConversation(expected: readonly TreeRow[], rows: readonly TreeRow[]): boolean {
  const { path, end } = conversationOf(rows);
  return end === "root" && path.length === expected.length && path.every(({ id }, at) => id === expected[at]?.id);
}
