import { claudeCode } from "../dialects/claude-code.ts";
import { asText, type Preserved, type Row } from "../dialects/dialect.ts";
import type { LineRead } from "./read-rows.ts";
import { fateOf } from "./segment-metadata.ts";

/** Where a line stands in the file: its bytes with the newline. */
type Range = { from: number; to: number };
type Place = Range & { line: number };
type ChainRow = Place & { parentId: string | undefined; isMain: boolean; isReply: boolean };
/** A row behind the compaction names one that is not there. `isCheckpoint`: as the one from which a resume starts. */
type Dangling = { id: string; line: number; isCheckpoint: boolean };

/** What a cut at a compaction has to know of a transcript, gathered in one pass over its rows. */
export type CutIndex = {
  add: (row: Row, line: LineRead) => void;
  /** how many compactions there are */
  readonly boundaries: number;
  readonly boundary: { line: number; at: number } | undefined;
  /** the last line has its newline */
  readonly isTerminated: boolean;
  /** the compaction keeps a row that is not there */
  readonly isKeptRowMissing: boolean;
  dangling: () => Dangling[];
  /** the lines before the compaction that have to stay, in order */
  carried: () => Range[];
  /** the line of the first reply of the model that stays */
  firstReply: () => number | undefined;
};

const ATTRIBUTION = "attribution-snapshot:";

/** @param target which compaction, from 1; undefined: the last one */
export function createCutIndex(target: number | undefined): CutIndex {
  /** rows of the conversation since the compaction before the one that counts, and those that it kept */
  let rows = new Map<string, ChainRow>();
  let snapshots = new Map<string, Range[]>();
  const lastOnes = new Map<string, Range>();
  const keptMetadata: Range[] = [];
  /** set at a compaction, from what stands before it */
  let carriedMetadata: Range[] = [];
  let keptIds = new Set<string>();
  let checkpoint: Dangling | undefined;
  let boundaries = 0;
  let boundary: Place | undefined;
  let replyLine: number | undefined;
  let isTerminated = true;
  let isKeptRowMissing = false;

  const isBehind = () => target !== undefined && boundaries >= target;
  /** All that stands before is left behind, but for what this compaction keeps. */
  const closeSegment = (place: Place, preserved: Preserved | undefined) => {
    const kept = keptBy(preserved, rows);
    isKeptRowMissing = kept === undefined;
    keptIds = kept ?? new Set();
    rows = new Map([...rows].filter(([id]) => keptIds.has(id)));
    snapshots = new Map([...snapshots].filter(([id]) => keptIds.has(id)));
    // a compaction that keeps nothing ends what this row tells of
    if (!preserved) for (const key of lastOnes.keys()) if (key.startsWith(ATTRIBUTION)) lastOnes.delete(key);
    carriedMetadata = [...keptMetadata, ...lastOnes.values()];
    boundary = place;
    checkpoint = undefined;
    replyLine = undefined;
  };
  /** A later compaction may keep rows that stand before the one at which the cut is made. */
  const keepMore = (preserved: Preserved | undefined) => {
    const kept = keptBy(preserved, rows);
    if (kept === undefined) isKeptRowMissing = true;
    for (const id of kept ?? []) keptIds.add(id);
  };

  return {
    add(row, line) {
      isTerminated = line.isTerminated;
      const place: Place = { from: line.at, to: line.at + line.bytes + 1, line: line.line };
      const id = asText(row.uuid);
      const fate = fateOf(row.type);
      if (fate === "conversation") {
        if (id === undefined) return;
        const isMain = row.isSidechain !== true;
        const { role, preserved } = claudeCode.shapeOf(row);
        if (role === "boundary" && isMain) {
          if (isBehind()) keepMore(preserved);
          else closeSegment(place, preserved);
          boundaries += 1;
        }
        const isReply = role === "assistant" && isMain;
        const { from, to } = place;
        // written out, as copies made with `...` fill the heap: 45 MB more for 386 MB
        rows.set(id, { from, to, line: place.line, parentId: asText(row.parentUuid), isMain, isReply });
        if (isReply) replyLine ??= place.line;
        return;
      }
      if (row.type === "last-prompt") {
        const leafId = asText(row.leafUuid);
        if (leafId !== undefined) checkpoint = { id: leafId, line: place.line, isCheckpoint: true };
      }
      if (boundary && isBehind()) return; // stays as it is
      if (fate === "snapshot")
        remember(snapshots, asText(row.messageId) ?? "", place, row.type !== "file-history-delta");
      else if (fate === "last") {
        const key = `${row.type}:${(row.type === "summary" ? asText(row.leafUuid) : asText(row.sessionId)) ?? ""}`;
        lastOnes.delete(key);
        lastOnes.set(key, place);
      } else if (fate === "kept" && typeof row.type === "string") keptMetadata.push(place);
    },
    get boundaries() {
      return boundaries;
    },
    get boundary() {
      return boundary && { line: boundary.line, at: boundary.from };
    },
    get isTerminated() {
      return isTerminated;
    },
    get isKeptRowMissing() {
      return isKeptRowMissing;
    },
    dangling() {
      const found: Dangling[] = checkpoint && !rows.has(checkpoint.id) ? [checkpoint] : [];
      for (const { from, line, parentId, isMain } of rows.values()) {
        if (!isMain || from < (boundary?.from ?? 0) || parentId === undefined || rows.has(parentId)) continue;
        found.push({ id: parentId, line, isCheckpoint: false });
      }
      return found;
    },
    carried() {
      const before = [...rows].filter(([id, { from }]) => from < (boundary?.from ?? 0) && keptIds.has(id));
      const ofKept = before.flatMap(([id]) => snapshots.get(id) ?? []);
      return [...before.map(([, row]) => row), ...ofKept, ...carriedMetadata].toSorted((a, b) => a.from - b.from);
    },
    firstReply() {
      const isKept = [...rows.values()].some(({ from, isReply }) => isReply && from < (boundary?.from ?? 0));
      return isKept ? boundary?.line : replyLine;
    },
  };
}

function remember(snapshots: Map<string, Range[]>, id: string, place: Range, isWhole: boolean): void {
  snapshots.set(id, isWhole ? [place] : [...(snapshots.get(id) ?? []), place]);
}

/** The rows that a compaction keeps, by its list and by the way from the tail of its segment to the head; undefined when one is missing. */
function keptBy(preserved: Preserved | undefined, rows: ReadonlyMap<string, ChainRow>): Set<string> | undefined {
  const kept = new Set(preserved?.ids);
  for (const id of kept) if (!rows.has(id)) return undefined;
  const headId = preserved?.headId;
  if (headId === undefined) return kept;
  const walked = new Set<string>();
  for (let id = preserved?.tailId; id !== undefined && !walked.has(id); id = rows.get(id)?.parentId) {
    if (!rows.has(id)) return undefined;
    walked.add(id);
    kept.add(id);
    if (id === headId) return kept;
  }
  return undefined;
}
