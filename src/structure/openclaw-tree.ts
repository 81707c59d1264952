import type { FileHandle } from "node:fs/promises";
import { asText, type Row } from "../dialects/dialect.ts";
import { openclaw } from "../dialects/openclaw.ts";
import type { RowReader } from "./read-rows.ts";
import { readerFor } from "./reader-for.ts";

/** A line of an OpenClaw transcript: where it stands in the file and in the tree, and nothing of what it says. */
export type TreeRow = {
  /** from 1 */
  line: number;
  /** byte offset in the file */
  at: number;
  /** without the newline */
  bytes: number;
  /** empty for a line that is no row */
  type: string;
  id: string | undefined;
  /** null at a root; undefined where the row does not say */
  parentId: string | null | undefined;
  /** of a `leaf`: the row from which the conversation goes on; of a compaction: the first row that it keeps; of a label: what it names */
  pointsTo: string | undefined;
  /** of a `leaf`: the row on which the next one will say that it hangs */
  appendsTo: string | undefined;
  /** of a compaction in the first version of the format, which counts rows */
  hasIndex: boolean;
  /** written beside the conversation, which does not go on from it */
  isAside: boolean;
  isReply: boolean;
  /** of a row of an extension: what it is about */
  customType: string | undefined;
};

export type OpenClawTree = {
  /** every line but blank ones, in the order of the file */
  rows: TreeRow[];
  /** of the format; undefined when the first row is no header with an id */
  version: number | undefined;
  /** false when the last line has no newline */
  isFinished: boolean;
};

/** All that is read of a row. One list, as the skimmer remembers what it made for it. */
const PATHS = [
  "type",
  "id",
  "parentId",
  "version",
  "message.role",
  "customType",
  "firstKeptEntryId",
  "firstKeptEntryIndex",
  "targetId",
  "appendParentId",
  "appendMode",
];

/** Reads which rows bytes [0, bytes) of a transcript hold. Memory: ids and places, whatever the rows say. */
export async function readTree(
  file: FileHandle,
  bytes: number,
  options: { read?: RowReader; signal?: AbortSignal } = {},
): Promise<OpenClawTree> {
  const read = options.read ?? (await readerFor(bytes));
  const tree: OpenClawTree = { rows: [], version: undefined, isFinished: true };
  let hasRow = false;
  await read(
    file.fd,
    { from: 0, to: bytes, line: 1, paths: PATHS },
    ({ line, at, bytes: length, isTerminated, value }) => {
      const row = treeRow(value, { line, at, bytes: length });
      if (row.type !== "" && !hasRow) tree.version = versionOf(value as Row);
      hasRow ||= row.type !== "";
      tree.rows.push(row);
      tree.isFinished = isTerminated;
    },
    options.signal,
  );
  return tree;
}

function treeRow(value: unknown, place: Pick<TreeRow, "line" | "at" | "bytes">): TreeRow {
  const isRow = typeof value === "object" && value !== null && !Array.isArray(value);
  const row = isRow ? (value as Row) : {};
  const shape = openclaw.shapeOf(row);
  return {
    ...place,
    type: isRow ? (asText(row.type) ?? "?") : "",
    id: isRow ? shape.id : undefined,
    parentId: shape.parentId,
    pointsTo: row.type === "label" ? asText(row.targetId) : shape.pointsTo,
    appendsTo: shape.appendsTo,
    hasIndex: shape.pointsToIndex !== undefined,
    isAside: shape.isAside === true,
    isReply: shape.role === "assistant",
    customType: row.type === "custom" ? asText(row.customType) : undefined,
  };
}

function versionOf(row: Row): number | undefined {
  const { role, pointsTo, version } = openclaw.shapeOf(row);
  return role === "header" && pointsTo !== undefined ? version : undefined;
}

/** Types of rows from which a conversation can go on. All others are links between such rows at most. */
const ENTRY_TYPES = new Set([
  "message",
  "thinking_level_change",
  "model_change",
  "compaction",
  "branch_summary",
  "custom",
  "custom_message",
  "label",
  "session_info",
]);

export function isEntry({ type }: TreeRow): boolean {
  return ENTRY_TYPES.has(type);
}

export type Conversation = {
  /** of rows with the same id, the last one, as in the programs */
  byId: ReadonlyMap<string, TreeRow>;
  /** from the root, or from where the way up ends, to the row from which the conversation goes on */
  path: TreeRow[];
  /** how the way up ends: at a root, at a row whose parent is not there, or never */
  end: "root" | "missing" | "circle";
};

/**
 * Finds the rows of the conversation as OpenClaw does: from the last row of the file up through the parents. Releases from
 * 2026.6 on know rows that navigate, and rows beside the conversation; what is appended then names a row on which it does
 * not hang. Without such rows, all releases find the same.
 */
export function conversationOf(rows: readonly TreeRow[]): Conversation {
  const byId = new Map<string, TreeRow>();
  const follows = new Map<string, string | null>();
  const invalid = new Set<string>();
  let leafId: string | null = null;
  let appendsTo: string | null = null;
  const isKnown = (id: string | null) => id === null || (byId.has(id) && !invalid.has(id));
  for (const row of rows) {
    const { id, parentId } = row;
    if (id === undefined) continue;
    if (row.type === "leaf") {
      const target = row.pointsTo ?? null;
      const append = row.appendsTo ?? target;
      if (isKnown(target) && isKnown(append)) {
        leafId = entryAt(target, byId, follows);
        appendsTo = append;
        follows.set(id, leafId);
      } else {
        invalid.add(id);
        follows.set(id, parentId ?? null);
      }
    } else if (isEntry(row)) {
      const isRedirected = !row.isAside && parentId === appendsTo && leafId !== appendsTo;
      follows.set(id, parentId === undefined || isRedirected ? leafId : parentId);
      appendsTo = id;
      if (!row.isAside) leafId = id;
    } else {
      follows.set(id, parentId ?? null);
      appendsTo = id;
    }
    byId.set(id, row);
  }
  const path = new Set<TreeRow>();
  let end: Conversation["end"] = "root";
  for (let id: string | null = leafId; id !== null; id = follows.get(id) ?? null) {
    const row = byId.get(id);
    if (!row || path.has(row)) {
      end = row ? "circle" : "missing";
      break;
    }
    path.add(row);
  }
  return { byId, path: [...path].reverse(), end };
}

/** The entry to which links lead. */
function entryAt(
  id: string | null,
  byId: ReadonlyMap<string, TreeRow>,
  follows: ReadonlyMap<string, string | null>,
): string | null {
  const seen = new Set<string>();
  let at = id;
  for (let row = byId.get(at ?? ""); row && !isEntry(row); row = byId.get(at ?? "")) {
    if (at === null || seen.has(at)) return null;
    seen.add(at);
    at = follows.get(at) ?? null;
  }
  return at;
}
