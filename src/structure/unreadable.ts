import { endOfValue, findMembers, JsonTextError } from "../json/json-text.ts";

/** A line that is no row: what happened to it, what can be saved of it, and the ids of rows that its remains name. */
export type Unreadable = {
  kind: "broken-line" | "glued-line" | "nul-run" | "torn-tail";
  reason: "broken" | "not-an-object" | "glued" | "torn-part" | "nul" | "breaks-off" | "too-long";
  /** whole rows, in order; empty when nothing can be saved */
  rows: Buffer[];
  ids: string[];
};

const NUL = 0x00;
/** Beginnings of rows, as the programs write them, at which what follows a torn beginning may stand whole. */
const ROW_STARTS = ['{"parentUuid":', '{"type":', '{"uuid":', '{"'];
const TRIED_STARTS = 200;
/** A word or an escape that is cut in two is noticed where it begins. */
const SHORTEST_TOKEN = 5;
const ROW_IDS = /"(?:uuid|id)":"([0-9a-f-]{8,36})"/g;

/**
 * Finds out what a line is that does not parse, or that parses to something else than an object. Pure.
 *
 * @param line its bytes without the newline
 * @param isLast nothing follows it, so it may be the beginning of a row whose writer was stopped
 */
export function examineUnreadable(line: Buffer, isLast: boolean): Unreadable {
  const text = line.toString("latin1");
  const ids = [...new Set([...text.matchAll(ROW_IDS)].map(([, id = ""]) => id))];
  if (line.includes(NUL)) {
    const rest = text.replaceAll("\0", "");
    const rows = isRow(rest) ? [rest] : salvage(rest).rows;
    return { kind: "nul-run", reason: "nul", rows: rows.map(toBytes), ids };
  }
  if (parses(text)) return { kind: "broken-line", reason: "not-an-object", rows: [], ids: [] };
  const { rows, isWhole } = salvage(text);
  if (rows.length > 0)
    return { kind: "glued-line", reason: isWhole ? "glued" : "torn-part", rows: rows.map(toBytes), ids };
  if (isLast && breaksOff(text)) return { kind: "torn-tail", reason: "breaks-off", rows: [], ids };
  return { kind: "broken-line", reason: "broken", rows: [], ids };
}

/** The rows that stand whole at the beginning and at the end of a line. `isWhole`: there is nothing else in it. */
function salvage(text: string): { rows: string[]; isWhole: boolean } {
  const whole = wholeRows(text.trim(), hasType);
  if (whole.isWhole) return whole;
  const rows: string[] = [];
  let rest = text.trim();
  while (rest.startsWith("{")) {
    const end = endOfValue(rest, 0);
    const row = end === undefined ? "" : rest.slice(0, end);
    if (!isRow(row) || !looksLikeRow(row)) break;
    rows.push(row);
    rest = rest.slice(row.length).trim();
  }
  return { rows: [...rows, ...behindTornBeginning(rest)], isWhole: false };
}

/** What stands whole at the end of a text whose beginning was torn off in the middle of a row. */
function behindTornBeginning(text: string): string[] {
  let tried = 0;
  for (const start of ROW_STARTS) {
    for (let at = text.indexOf(start, 1); at > 0 && tried < TRIED_STARTS; at = text.indexOf(start, at + 1)) {
      tried += 1;
      const { rows, isWhole } = wholeRows(text.slice(at), looksLikeRow);
      if (isWhole) return rows;
    }
  }
  return [];
}

/** Objects one behind the other, and nothing else. */
function wholeRows(text: string, isOne: (text: string) => boolean): { rows: string[]; isWhole: boolean } {
  const rows: string[] = [];
  for (let rest = text; rest !== ""; ) {
    const end = rest.startsWith("{") ? endOfValue(rest, 0) : undefined;
    const row = end === undefined ? "" : rest.slice(0, end);
    if (!isRow(row) || !isOne(row)) return { rows, isWhole: false };
    rows.push(row);
    rest = rest.slice(row.length).trim();
  }
  return { rows, isWhole: rows.length > 0 };
}

function hasType(text: string): boolean {
  return typeof (JSON.parse(text) as Record<string, unknown>).type === "string";
}

/** A row names its place in the tree or its session; a block from the middle of one does not. */
function looksLikeRow(text: string): boolean {
  const row = JSON.parse(text) as Record<string, unknown>;
  const isPlaced = ["parentUuid", "parentId", "sessionId", "leafUuid", "messageId"].some((name) => name in row);
  return typeof row.type === "string" && (isPlaced || row.type === "session");
}

/** True for the beginning of an object: all is well with it up to its last few characters. */
function breaksOff(text: string): boolean {
  try {
    findMembers(text, 0);
    return false;
  } catch (error) {
    return error instanceof JsonTextError && error.offset > 0 && error.offset >= text.trimEnd().length - SHORTEST_TOKEN;
  }
}

function isRow(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function toBytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}
