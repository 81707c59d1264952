import type { FileHandle } from "node:fs/promises";
import { claudeCode } from "../dialects/claude-code.ts";
import { asRow, type Row } from "../dialects/dialect.ts";
import { idsStandingIn } from "./confirm-breaks.ts";
import type { Cut, CutRefusal } from "./cut.ts";
import { type CutIndex, createCutIndex } from "./cut-index.ts";
import { type LineRead, parseLine, type RowReader } from "./read-rows.ts";

const PATHS = ["type", "subtype", "uuid", "parentUuid", "isSidechain", "leafUuid", "messageId", "sessionId"];
/** A boundary further back frees less each time. */
const MOST_TRIES = 4;
/** OpenClaw looks no further for a reply, and forgets a session without one. */
const REPLY_WITHIN_LINES = 500;

/**
 * How a Claude Code transcript can be cut at its last compaction so that every release rebuilds the same conversation; where
 * that one cannot be used, at the one before it, as far as that frees something.
 *
 * Memory: the ids since the last compaction, and one place for each row of metadata that stays.
 *
 * @param bytes how much of the file counts: whole lines
 * @param isBound a registry of OpenClaw's leads to it, which gives up a session in which it finds no reply
 */
export async function planClaudeCodeCut(
  file: FileHandle,
  bytes: number,
  read: RowReader,
  isBound: boolean,
  signal?: AbortSignal,
): Promise<Cut | CutRefusal> {
  let refusal: CutRefusal = { refused: "no-boundary" };
  let last: number | undefined;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const target: number | undefined = last === undefined ? undefined : last - tries;
    if (target === 0) break;
    const index = await indexFor(file, bytes, target, read, signal);
    last ??= index.boundaries;
    const cut = await cutAt(index, file, bytes, isBound);
    if (!("refused" in cut)) return cut;
    if (tries === 0) refusal = cut;
    if (cut.refused === "no-boundary" || cut.refused === "unfinished-line" || cut.refused === "no-reply") break;
  }
  return refusal;
}

/** @param target which compaction, from 1; undefined: the last one */
async function indexFor(
  file: FileHandle,
  bytes: number,
  target: number | undefined,
  read: RowReader,
  signal: AbortSignal | undefined,
): Promise<CutIndex> {
  const index = createCutIndex(target);
  await read(
    file.fd,
    { from: 0, to: bytes, line: 1, paths: PATHS },
    (line) => {
      const row = asRow(line.value);
      index.add(isBoundary(row) ? wholeRow(line) : row, line);
    },
    signal,
  );
  return index;
}

function isBoundary(row: Row): boolean {
  return row.type === "system" && row.subtype === "compact_boundary" && row.isSidechain !== true;
}

/** What a compaction keeps stands in members that are not read of other rows. */
function wholeRow(line: LineRead): Row {
  return asRow(parseLine(line.whole(), line.at));
}

async function cutAt(index: CutIndex, file: FileHandle, bytes: number, isBound: boolean): Promise<Cut | CutRefusal> {
  const { boundary } = index;
  if (!boundary) return { refused: "no-boundary" };
  if (!index.isTerminated) return { refused: "unfinished-line" };
  if (index.isKeptRowMissing) return { refused: "kept-row-missing", line: boundary.line };
  const dangling = index.dangling();
  const standing = await idsStandingIn(file, boundary.at, claudeCode, new Set(dangling.map(({ id }) => id)));
  const obstacle = dangling.find(({ id }) => standing.has(id));
  if (obstacle) return { refused: obstacle.isCheckpoint ? "checkpoint" : "straggler", line: obstacle.line };
  const carried = index.carried();
  const replyAt = index.firstReply();
  if (isBound && replyAt === undefined) return { refused: "no-reply", line: boundary.line };
  if (isBound && (replyAt ?? 0) - boundary.line + carried.length >= REPLY_WITHIN_LINES)
    return { refused: "too-much-carried", line: boundary.line };
  return {
    boundary: { line: boundary.line, at: boundary.at },
    archivedTo: boundary.at,
    carried: joined(carried),
    carriedLines: carried.length,
    keptFrom: boundary.at,
    bytesAfter: carried.reduce((sum, { from, to }) => sum + to - from, 0) + bytes - boundary.at,
  };
}

/** Neighbours become one piece. */
function joined(ranges: readonly { from: number; to: number }[]): { from: number; to: number }[] {
  const pieces: { from: number; to: number }[] = [];
  for (const { from, to } of ranges) {
    const before = pieces.at(-1);
    if (before?.to === from) before.to = to;
    else pieces.push({ from, to });
  }
  return pieces;
}
