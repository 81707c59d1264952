import type { FileHandle } from "node:fs/promises";
import type { Dialect, Row } from "../dialects/dialect.ts";
import { readLinesBackwards, readPieces } from "./lines.ts";

/** The first and last rows are enough to know where a session came from. */
const ENDS_BYTES = 64 * 1024;
/** Rows of one turn may be written a little out of order. */
const DISORDER_MS = 60_000;
/** No row that matters to us is shorter; a smaller file may hold only blank padding. */
export const BLANK_LIMIT_BYTES = 16 * 1024;

/** What programs without a person at the keyboard write as `entrypoint`. */
const UNATTENDED = /^(sdk-|mcp$|claude-code-github-action$)/;

/** True when a transcript holds nothing but blank padding: it was emptied, or never filled. */
export async function hasNoRows(file: FileHandle, sizeBytes: number): Promise<boolean> {
  if (sizeBytes > BLANK_LIMIT_BYTES) return false;
  for await (const piece of readPieces(file, 0, sizeBytes)) if (/\S/.test(piece.toString("latin1"))) return false;
  return true;
}

/**
 * The same, of any size, where NULs count as blank as well: all that a loss of power leaves of a file that was just written.
 */
export async function holdsNothing(file: FileHandle, sizeBytes: number): Promise<boolean> {
  for await (const piece of readPieces(file, 0, sizeBytes)) if (/[^\s\0]/.test(piece.toString("latin1"))) return false;
  return true;
}

/**
 * True when a transcript's rows show a program that a person types into. Old releases don't say, so rows without an
 * entrypoint show nothing; an entrypoint that we don't know counts as a person's, which only makes us more careful.
 */
export async function showsInteractiveUse(file: FileHandle, sizeBytes: number): Promise<boolean> {
  for (const [from, to] of [
    [0, Math.min(ENDS_BYTES, sizeBytes)] as const,
    [Math.max(0, sizeBytes - ENDS_BYTES), sizeBytes] as const,
  ]) {
    const pieces: Buffer[] = [];
    for await (const piece of readPieces(file, from, to)) pieces.push(Buffer.from(piece));
    for (const [, entrypoint = ""] of Buffer.concat(pieces)
      .toString("latin1")
      .matchAll(/"entrypoint":"([^"\\]{1,64})"/g)) {
      if (!UNATTENDED.test(entrypoint)) return true;
    }
  }
  return false;
}

/** True when the model answered successfully in this session after `sinceMs` (epoch ms): what was wrong then is over. */
export async function hasReplySince(
  file: FileHandle,
  sizeBytes: number,
  dialect: Dialect,
  sinceMs: number,
): Promise<boolean> {
  for await (const line of readLinesBackwards(file, sizeBytes)) {
    const row = parseRow(line);
    if (!row) continue;
    if ((dialect.repliedAt(row) ?? 0) > sinceMs) return true;
    const writtenAt = dialect.writtenAt(row);
    if (writtenAt !== undefined && writtenAt < sinceMs - DISORDER_MS) return false;
  }
  return false;
}

/** True when one of these ids occurs anywhere in the file's bytes. */
export async function holdsAnyOf(file: FileHandle, sizeBytes: number, ids: readonly string[]): Promise<boolean> {
  const overlap = Math.max(...ids.map((id) => id.length));
  let before = Buffer.alloc(0);
  for await (const piece of readPieces(file, 0, sizeBytes)) {
    const bytes = Buffer.concat([before, piece]);
    if (ids.some((id) => bytes.includes(id, 0, "latin1"))) return true;
    before = Buffer.from(bytes.subarray(Math.max(0, bytes.length - overlap)));
  }
  return false;
}

/** A row from its bytes; undefined for what is not a JSON object. */
export function parseRow(line: Buffer): Row | undefined {
  try {
    const value: unknown = JSON.parse(line.toString("utf8"));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}
