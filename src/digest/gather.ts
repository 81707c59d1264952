import type { FileHandle } from "node:fs/promises";
import type { Dialect } from "../dialects/dialect.ts";
import { createLineSplitter, readPieces } from "../transcript/lines.ts";
import { gatherClaudeCode } from "./gather-claude-code.ts";
import { gatherOpenClaw } from "./gather-openclaw.ts";
import type { Kept } from "./kept.ts";

/** A reply of the model, alone in its row. `at`: where it stands in the file. */
export type Reply = { bytes: Buffer; text: string; at: number };
/** A row that is kept for what it sets, as it stands in the file. */
export type KeptRow = { bytes: Buffer; at: number };

/** What every row of Claude Code's says about its surroundings, as the last one of the conversation says it. */
export type Surroundings = Partial<Record<"cwd" | "version" | "gitBranch" | "userType" | "entrypoint", string>>;

/** All that is kept of a transcript. */
export type DigestFacts = Kept & {
  dialect: Dialect["name"];
  /** the last one that called no tool and was not broken off */
  lastReply?: Reply;
  /** Claude Code: titles, modes and the like; OpenClaw: the choice of the model. The last of each kind, in the order of the file */
  keptRows: readonly KeptRow[];
  /** ISO time of the last row that tells it */
  lastAt?: string;
  surroundings: Surroundings;
  /** OpenClaw: the row that opens the file */
  header?: Buffer;
};

/** Takes the lines of a transcript in order. A line is valid only during the call. `at`: its byte offset. */
export type Gatherer = { take: (line: Buffer, at: number) => void; facts: () => Omit<DigestFacts, "dialect"> };

const gatherers: Record<Dialect["name"], () => Gatherer> = {
  "claude-code": gatherClaudeCode,
  openclaw: gatherOpenClaw,
};

const RETURN = 0x0d;
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * Collects what a digest of a transcript holds, in one pass over its bytes [0, bytes). Reads only. Most lines are only
 * looked through and not parsed: 386 MB take about a second.
 *
 * Memory: a few of the longest lines.
 */
export async function gatherDigest(
  file: FileHandle,
  bytes: number,
  dialect: Dialect,
  signal?: AbortSignal,
): Promise<DigestFacts> {
  const gatherer = gatherers[dialect.name]();
  let at = 0;
  const splitter = createLineSplitter(
    (line) => {
      gatherer.take(bare(line, at), at);
      at += line.length + 1;
    },
    (tooLong) => {
      at += tooLong + 1;
    },
  );
  for await (const piece of readPieces(file, 0, bytes)) {
    signal?.throwIfAborted();
    splitter.push(piece);
  }
  splitter.end();
  return { dialect: dialect.name, ...gatherer.facts() };
}

/** A line without what stands around the row. */
function bare(line: Buffer, at: number): Buffer {
  const hasMark = at === 0 && line.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return line.subarray(hasMark ? BYTE_ORDER_MARK.length : 0, line.at(-1) === RETURN ? -1 : undefined);
}
