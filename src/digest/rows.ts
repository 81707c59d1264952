import { randomUUID } from "node:crypto";
import { claudeCodeRows } from "./claude-code-rows.ts";
import type { DigestWords } from "./compose.ts";
import type { DigestFacts } from "./gather.ts";
import { openclawRows } from "./openclaw-rows.ts";

export type DigestOptions = DigestWords & {
  /** of the whole transcript */
  limitBytes: number;
  /** the id that the transcript's file name tells */
  sessionId: string;
  /** when a transcript tells no time of its own (epoch ms) */
  nowMs: number;
  /** the source of ids; chance by default */
  newUuid?: () => string;
};
export type RowOptions = Required<Pick<DigestOptions, "newUuid">> & DigestOptions;

/** `carried`: how many of the first lines repeat, as they are or hung elsewhere, what the archive holds. */
export type DigestRows = { lines: Buffer[]; carried: number };

/**
 * The short transcript that takes the place of a long one: it resumes under the same id, with the digest as the summary of all
 * that was said, and the last reply. Valid rows, without their newlines.
 *
 * @returns undefined when none can be made: the limit leaves no room for words, or an OpenClaw transcript lacks its header or
 * a finished reply, without which the program empties it
 */
export function digestRows(facts: DigestFacts, options: DigestOptions): DigestRows | undefined {
  const make = facts.dialect === "claude-code" ? claudeCodeRows : openclawRows;
  return make(facts, { newUuid: randomUUID, ...options });
}
