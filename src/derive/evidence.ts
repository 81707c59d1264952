import type { FileHandle } from "node:fs/promises";
import { asRow, asText, asTime, type Row } from "../dialects/dialect.ts";
import { sha256Of } from "../disk/sha256.ts";
import { optional } from "../json/optional.ts";
import { parseRow } from "../transcript/contents.ts";
import { createLineSplitter, readLinesBackwards, readRange } from "../transcript/lines.ts";
import { agree, type Shown } from "./agreement.ts";
import { type Counters, isReply, readCounters } from "./counters.ts";
import { type Mark, readMark, taskIn } from "./mark.ts";
import { ownKeyIn, userTextOf } from "./relations.ts";

/** What an OpenClaw transcript shows of its session. Ids, names of models, times and counts; nothing of what was said. */
export type Evidence = {
  /** the header's */
  sessionId?: string;
  /** the agent's workspace, as the program names it */
  cwd?: string;
  /** the transcript that this one was forked from, as the program names it */
  parentSession?: string;
  shown?: Shown;
  /** the key that the gateway's own tool told the session that it has */
  ownKey?: string;
  /** of what its first message asks, without what the gateway puts in front: SHA-256 */
  taskSha256?: string;
  model?: string;
  modelProvider?: string;
  counters: Counters;
  /** epoch ms of the first and the last row that has a date */
  firstAt?: number;
  lastAt?: number;
};

const HEAD_BYTES = 256 * 1024;
const TAIL_BYTES = 256 * 1024;
/** 2000-01-01: nothing was written before, so such a date is none. */
const EARLIEST_MS = 946_684_800_000;

/**
 * Reads what the first and the last rows of a transcript show, 256 KiB at either end, or the last line however long it is.
 *
 * @throws what reading a file throws
 */
export async function readEvidence(file: FileHandle, sizeBytes: number): Promise<Evidence> {
  const headBytes = Math.min(HEAD_BYTES, sizeBytes);
  const head = await readRange(file, 0, headBytes);
  if (headBytes === sizeBytes) return evidenceOf(linesOf(head));
  const whole = head.lastIndexOf(NEWLINE) + 1;
  const tail: Buffer[] = [];
  let tailBytes = 0;
  let isWhole = false;
  for await (const line of readLinesBackwards(file, sizeBytes)) {
    tailBytes += line.length + 1;
    isWhole = sizeBytes - tailBytes < whole;
    if (isWhole) break;
    tail.push(Buffer.from(line));
    if (tailBytes > TAIL_BYTES) break;
  }
  const [first, last] = [linesOf(head.subarray(0, whole)), tail.reverse()];
  return isWhole ? evidenceOf([...first, ...last]) : evidenceOf(first, last);
}

/**
 * What lines of a transcript show together, whatever bytes they are. Pure; never throws.
 *
 * @param last its last lines, where lines between them and the first are not known
 */
export function evidenceOf(first: readonly Buffer[], last?: readonly Buffer[]): Evidence {
  const lastRows = rowsOf(last ?? first);
  const rows = last ? [...rowsOf(first), ...lastRows] : lastRows;
  const header: Row = rows.find(({ type, id }) => type === "session" && asText(id) !== undefined) ?? {};
  const dates = rows.flatMap((row) => dateOf(row) ?? []);
  return {
    ...optional("sessionId", asText(header.id)),
    ...optional("cwd", asText(header.cwd)),
    ...optional("parentSession", asText(header.parentSession)),
    ...optional("shown", agree(marksOf(rows))),
    ...optional("ownKey", ownKeyIn(rows)),
    ...optional("taskSha256", taskOf(rows)),
    ...modelOf(rows),
    counters: readCounters(lastRows),
    ...optional("firstAt", dates[0]),
    ...optional("lastAt", dates.at(-1)),
  };
}

function rowsOf(lines: readonly Buffer[]): Row[] {
  return lines.map(parseRow).filter((row) => row !== undefined);
}

const NEWLINE = 0x0a;

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  const splitter = createLineSplitter((line) => lines.push(Buffer.from(line)));
  splitter.push(bytes);
  splitter.end();
  return lines;
}

function dateOf(row: Row): number | undefined {
  const date = asTime(row.timestamp) ?? asTime(asRow(row.message).timestamp);
  return date !== undefined && date > EARLIEST_MS ? date : undefined;
}

/** One for each message of the user, in order. */
function marksOf(rows: readonly Row[]): (Mark | undefined)[] {
  return rows.flatMap((row) => {
    // What another session sent shows nothing of this one.
    if (asRow(asRow(row.message).provenance).kind === "inter_session") return [];
    const text = userTextOf(row);
    return text === undefined ? [] : [readMark(text)];
  });
}

function taskOf(rows: readonly Row[]): string | undefined {
  const first = rows.find((row) => userTextOf(row) !== undefined);
  const text = first && userTextOf(first);
  return text === undefined ? undefined : sha256Of(taskIn(text));
}

/** The model of the last reply, else the one that was chosen last. */
function modelOf(rows: readonly Row[]): Pick<Evidence, "model" | "modelProvider"> {
  const reply = asRow(rows.findLast((row) => isReply(row) && asText(asRow(row.message).model) !== undefined)?.message);
  const change = rows.findLast(({ type, modelId }) => type === "model_change" && asText(modelId) !== undefined) ?? {};
  const [model, provider] =
    asText(reply.model) === undefined ? [change.modelId, change.provider] : [reply.model, reply.provider];
  return { ...optional("model", asText(model)), ...optional("modelProvider", asText(provider)) };
}
