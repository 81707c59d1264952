import type { FileHandle } from "node:fs/promises";
import { readRange } from "../transcript/lines.ts";
import type { Cut, CutRefusal, Piece } from "./cut.ts";
import { editLine } from "./edit-line.ts";
import { type Kept, type Layout, layOutCut } from "./lay-out-openclaw.ts";
import { conversationOf, isEntry, readTree, type TreeRow } from "./openclaw-tree.ts";
import type { RowReader } from "./read-rows.ts";

/** A row of ours: its id, and the line without its newline. */
type MadeRow = { id: string; line: Buffer };

const ID_ATTEMPTS = 100;
const NEWEST_VERSION = 3;
const FIRST_TREE_VERSION = 2;

/**
 * Finds out how an OpenClaw transcript can be shortened at the last compaction of its conversation: the header, a row of
 * ours, the state that was set before, and from the first row that the compaction keeps on all that hangs on what stays.
 * What the model gets, and every row of it, is the same as before. Reads only; the whole file has to be archived, and must
 * not be written to until the result has taken its place.
 *
 * Memory: ids and places of the rows, and the lines in which another parent has to stand.
 *
 * @param bytes how much of the file counts
 * @param header makes the row that tells of the cut; asked again when its id is taken
 */
export async function planOpenClawCut(
  file: FileHandle,
  bytes: number,
  header: (parentId: null) => MadeRow,
  options: { read?: RowReader; signal?: AbortSignal } = {},
): Promise<Cut | CutRefusal> {
  const { rows, version, isFinished } = await readTree(file, bytes, options);
  const last = rows.at(-1);
  if (last && !isFinished) return { refused: "unfinished-line", line: last.line };
  const first = rows.find(({ type }) => type !== "");
  if (!first || version === undefined || version < FIRST_TREE_VERSION || version > NEWEST_VERSION)
    return { refused: "no-header", line: first?.line ?? 1 };
  const found = findKept(rows);
  if ("refused" in found) return found;
  const segment = freshRow(header, found.byId);
  const layout = layOutCut(rows, found, segment.id);
  if ("refused" in layout) return layout;
  const carried = [
    rangeOf(first),
    { line: segment.line },
    ...(await piecesOf(file, layout.rows.slice(1), layout.parents)),
  ];
  return {
    boundary: { line: found.boundary.line, at: found.boundary.at },
    archivedTo: bytes,
    carried,
    carriedLines: 1 + layout.rows.length,
    keptFrom: bytes,
    bytesAfter: carried.reduce((sum, piece) => sum + sizeOf(piece), 0) - sizeOf({ line: segment.line }),
  };
}

/** What the last compaction of the conversation keeps of it, where all of that hangs together. */
function findKept(rows: readonly TreeRow[]): Kept | CutRefusal {
  const { byId, path, end } = conversationOf(rows);
  const last = rows.findLast(({ type }) => type !== "" && type !== "session");
  const top = path[0];
  if (last && last.id === undefined) return { refused: "damaged", line: last.line };
  if (end === "circle") return damagedAt(top);
  const at = path.findLastIndex(({ type }) => type === "compaction");
  const boundary = path[at];
  if (!boundary) return end === "missing" ? damagedAt(top) : { refused: "no-boundary" };
  if (boundary.hasIndex) return { refused: "no-header", line: boundary.line };
  // a compaction that keeps nothing but its summary names itself
  const from = path.findIndex(({ id }) => id === boundary.pointsTo);
  const firstKept = path[from];
  if (!firstKept || from > at || !isEntry(firstKept)) {
    return end === "missing" ? damagedAt(top) : { refused: "kept-row-missing", line: boundary.line };
  }
  const misplaced = path.find((row, index) => row.at < (path[index - 1]?.at ?? 0));
  if (misplaced) return { refused: "straggler", line: misplaced.line };
  const kept = path.slice(from);
  // releases differ in where such a row hangs, and in which of two with one id they take
  const parentless = kept.find((row) => row !== firstKept && row.parentId === undefined);
  const replaced = rows.find(
    ({ at: place, id }, index) => place >= firstKept.at && byId.get(id ?? "") !== rows[index] && id,
  );
  if (parentless || replaced) return damagedAt(parentless ?? replaced);
  return { byId, boundary, before: path.slice(0, from), kept };
}

function damagedAt(row: TreeRow | undefined): CutRefusal {
  return { refused: "damaged", ...(row ? { line: row.line } : {}) };
}

function freshRow(make: (parentId: null) => MadeRow, byId: ReadonlyMap<string, TreeRow>): MadeRow {
  for (let attempt = 0; attempt < ID_ATTEMPTS; attempt += 1) {
    const row = make(null);
    if (!byId.has(row.id)) return row;
  }
  throw new Error("no row with an id of its own was made");
}

/** Ranges of the file, and edited lines between them. */
async function piecesOf(file: FileHandle, rows: readonly TreeRow[], parents: Layout["parents"]): Promise<Piece[]> {
  const pieces: Piece[] = [];
  let range: { from: number; to: number } | undefined;
  for (const row of rows) {
    const parentId = parents.get(row.at);
    const next = rangeOf(row);
    if (parentId !== undefined) {
      pieces.push(await withParent(file, row, parentId));
      range = undefined;
    } else if (range?.to === next.from) range.to = next.to;
    else {
      range = next;
      pieces.push(range);
    }
  }
  return pieces;
}

async function withParent(file: FileHandle, { line, at, bytes }: TreeRow, parentId: string | null): Promise<Piece> {
  const where = { line, at, bytes, part: 0 };
  const text = await readRange(file, at, at + bytes);
  const edited = editLine(text, { where, isUnreadable: false, rows: new Map([[0, { set: { parentId } }]]) }, false);
  return { line: edited ?? text };
}

function rangeOf({ at, bytes }: TreeRow): { from: number; to: number } {
  return { from: at, to: at + bytes + 1 };
}

function sizeOf(piece: Piece): number {
  return "line" in piece ? piece.line.length + 1 : piece.to - piece.from;
}
