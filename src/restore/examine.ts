import { createHash } from "node:crypto";
import { beginsAsWritten, type GzipSummary } from "../archive/gzip.ts";
import type { ArchiveNameParts } from "../archive/names.ts";
import type { Dialect, Row } from "../dialects/dialect.ts";
import { dialects } from "../dialects/index.ts";
import { readSegmentHeader } from "../dialects/segment-header.ts";
import { errnoOf } from "../errors.ts";
import { parseRow } from "../transcript/contents.ts";
import { createLineSplitter } from "../transcript/lines.ts";
import { collectOpening, type Opening } from "./opening.ts";
import { inflate, openArchive } from "./unpack.ts";

/** What an archive tells of itself. `firstAt`, `lastAt`: ISO times of its first and last dated rows. */
export type Examined = GzipSummary & { opening: Opening; firstAt?: string; lastAt?: string };

/** Why a file that is named like an archive is none: it cannot be unpacked whole, or somebody else made it. */
export type Refusal = { refused: "broken" | "foreign" };

const NEWLINE = 0x0a;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Unpacks a file that is named like an archive, and finds out what it holds and whether that is what its name says. Memory:
 * the longest line.
 *
 * @throws KeeperError `missing` when it is not there; the signal's reason on abort
 */
export async function examineArchive(
  path: string,
  { dialect, sessionId, reason }: Pick<ArchiveNameParts, "dialect" | "sessionId" | "reason">,
  signal: AbortSignal,
): Promise<Examined | Refusal> {
  const file = await openArchive(path);
  try {
    const { size } = await file.stat();
    if (size === 0) return { refused: "broken" };
    if (!(await beginsAsWritten(file))) return { refused: "foreign" };
    const rows = judgeRows(dialects[dialect], sessionId);
    const opening = collectOpening(dialect);
    const hash = createHash("sha256");
    let [bytes, newlines, lastByte, usedBytes] = [0, 0, NEWLINE, 0];
    const onEnd = (count: number) => {
      usedBytes = count;
    };
    for await (const piece of inflate(file, signal, onEnd)) {
      hash.update(piece);
      opening.push(piece);
      rows.push(piece);
      bytes += piece.length;
      for (let at = piece.indexOf(NEWLINE); at >= 0; at = piece.indexOf(NEWLINE, at + 1)) newlines += 1;
      lastByte = piece.at(-1) ?? lastByte;
    }
    if (usedBytes !== size) return { refused: "broken" };
    const { isOwn, times } = rows.end();
    // what lay beside transcripts may hold anything: leftovers, and rows that have no name of a session and are swept with them
    const isBeside = reason === "leftover" || (reason === "sweep" && !UUID.test(sessionId));
    if (!isOwn && !isBeside) return { refused: "foreign" };
    const lines = newlines + (lastByte === NEWLINE ? 0 : 1);
    return { bytes, lines, sha256: hash.digest("hex"), gzipBytes: size, opening: opening.end(), ...times };
  } catch (error) {
    signal.throwIfAborted();
    if (errnoOf(error) !== undefined) return { refused: "broken" }; // what zlib or the disk says of it
    throw error;
  } finally {
    await file.close();
  }
}

type Judged = { isOwn: boolean; times: { firstAt?: string; lastAt?: string } };

/** Looks at rows as they pass by: whose they are, and from when to when. */
function judgeRows(dialect: Dialect, sessionId: string): { push: (piece: Buffer) => void; end: () => Judged } {
  const seen = { own: 0, others: 0, alike: 0 };
  let [first, last]: (number | undefined)[] = [];
  const splitter = createLineSplitter((line) => {
    const row = parseRow(line);
    if (!row) return;
    const says =
      dialect.name === "claude-code" ? sessionOfClaudeCode(row, sessionId) : sessionOfOpenClaw(row, sessionId);
    if (says) seen[says] += 1;
    const time = readSegmentHeader(row, dialect.name) ? undefined : dialect.writtenAt(row);
    first ??= time;
    last = time ?? last;
  });
  return {
    push: splitter.push,
    end() {
      splitter.end();
      const times = {
        ...(first === undefined ? {} : { firstAt: new Date(first).toISOString() }),
        ...(last === undefined ? {} : { lastAt: new Date(last).toISOString() }),
      };
      return { isOwn: seen.own > 0 || (seen.alike > 0 && seen.others === 0), times };
    },
  };
}

/** Nearly every row names its session; those that a session took over from another one name that. */
function sessionOfClaudeCode(row: Row, sessionId: string): "own" | "others" | undefined {
  if (typeof row.sessionId !== "string") return undefined;
  return row.sessionId === sessionId ? "own" : "others";
}

/** Only the first row names the session; it may be gone, and then the other rows have to do. */
function sessionOfOpenClaw(row: Row, sessionId: string): "own" | "others" | "alike" | undefined {
  const { type, id } = row;
  if (typeof type !== "string" || typeof id !== "string") return undefined;
  if (type !== "session") return "parentId" in row ? "alike" : undefined;
  const isNamedAfter = sessionId === id || sessionId.startsWith(`${id}-topic-`) || sessionId.endsWith(`_${id}`);
  return isNamedAfter ? "own" : "others";
}
