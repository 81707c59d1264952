import { randomUUID } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { Dialect } from "../dialects/dialect.ts";
import { openClawSegmentRow, type SegmentHeader } from "../dialects/segment-header.ts";
import { parseRow } from "../transcript/contents.ts";
import type { Cut, CutRefusal } from "./cut.ts";
import { planClaudeCodeCut } from "./cut-claude-code.ts";
import { planOpenClawCut } from "./cut-openclaw.ts";
import { readerFor } from "./reader-for.ts";

/** Ids of OpenClaw's rows are that long. */
const SHORT_ID_LENGTH = 8;
/** Stands for what is known once the plan is made and the archive too. */
const UNKNOWN: SegmentHeader = { parentFile: "", rootSession: "", segmentIndex: 0, timestamp: "", carriedLines: 0 };
/** Of an OpenClaw transcript that is cut: the first has to be the program's own. */
const SEGMENT_AT = 1;

/**
 * How the first `bytes` bytes of a transcript, whole lines, can be cut at a compaction; or what stands against it.
 *
 * @param of.isBound a registry entry leads to it
 */
export async function planCut(
  { dialect, isBound }: { dialect: Dialect["name"]; isBound: boolean },
  file: FileHandle,
  bytes: number,
  signal?: AbortSignal,
): Promise<Cut | CutRefusal> {
  const read = await readerFor(bytes);
  if (dialect === "claude-code") return planClaudeCodeCut(file, bytes, read, isBound, signal);
  const header = () => {
    const id = randomUUID().slice(0, SHORT_ID_LENGTH);
    return { id, line: openClawSegmentRow(id, UNKNOWN) };
  };
  const cut = await planOpenClawCut(file, bytes, header, { read, ...(signal ? { signal } : {}) });
  return "refused" in cut ? cut : { ...cut, carriedLines: cut.carriedLines - 1 };
}

/** The plan for an OpenClaw transcript with what its row of ours has to say. */
export function withSegmentHeader(cut: Cut, header: SegmentHeader): Cut {
  const made = cut.carried[SEGMENT_AT];
  const id = made && "line" in made ? parseRow(made.line)?.id : undefined;
  return typeof id === "string"
    ? { ...cut, carried: cut.carried.with(SEGMENT_AT, { line: openClawSegmentRow(id, header) }) }
    : cut;
}
