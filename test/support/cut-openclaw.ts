import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import type { Cut, CutRefusal, Piece } from "../../src/structure/cut.ts";
import { planOpenClawCut } from "../../src/structure/cut-openclaw.ts";
import type { RowReader } from "../../src/structure/read-rows.ts";

/** The row that tells of the cut, as whoever makes the cut would write it. */
function segmentRow(id: string): { id: string; line: Buffer } {
  const row = { type: "custom", customType: "segment-header", data: { segment: 1 }, id, parentId: null };
  return { id, line: Buffer.from(JSON.stringify({ ...row, timestamp: "2026-03-01T00:00:00.000Z" })) };
}

/** Cuts a transcript in memory, and leaves the file as it is. */
export async function cutOpenClaw(
  path: string,
  options: { ids?: readonly string[]; read?: RowReader } = {},
): Promise<CutRefusal | { cut: Cut; bytes: Buffer }> {
  const ids = [...(options.ids ?? ["5e900001"])];
  const whole = readFileSync(path);
  const file = await open(path);
  try {
    const make = () => segmentRow(ids.length > 1 ? (ids.shift() as string) : (ids[0] as string));
    const cut = await planOpenClawCut(file, whole.length, make, options.read ? { read: options.read } : {});
    return "refused" in cut ? cut : { cut, bytes: Buffer.concat(cut.carried.map((piece) => bytesOf(piece, whole))) };
  } finally {
    await file.close();
  }
}

function bytesOf(piece: Piece, whole: Buffer): Buffer {
  return "line" in piece ? Buffer.concat([piece.line, Buffer.from("\n")]) : whole.subarray(piece.from, piece.to);
}

export type Row = { type: string; id: string; parentId?: string | null; [name: string]: unknown };

export const fileOf = (rows: readonly object[]) => `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;
export const linesOf = (bytes: Buffer) => bytes.toString().trimEnd().split("\n");
export const idsOf = (lines: readonly string[]) => lines.slice(1).map((line) => (JSON.parse(line) as Row).id);
export const withoutParent = (line: string) => line.replace(/"parentId":(?:null|"[^"]*")/, "");

/** What the model gets, by the rules and not by the code that is tested: the summary, and lines without their links. */
export function contextOf(lines: readonly string[]): {
  summary: unknown;
  messages: string[];
  model: unknown;
  level: unknown;
} {
  const rows = lines.slice(1).map((line) => ({ line, row: JSON.parse(line) as Row }));
  const byId = new Map(rows.map((one) => [one.row.id, one]));
  const way: { line: string; row: Row }[] = [];
  for (let id: string | null | undefined = rows.at(-1)?.row.id; id; id = way[0]?.row.parentId) {
    const one = byId.get(id);
    if (!one) break;
    way.unshift(one);
  }
  const boundary = way.findLastIndex(({ row }) => row.type === "compaction");
  const { summary, firstKeptEntryId } = (way[boundary]?.row ?? {}) as Record<string, unknown>;
  const from = way.findIndex(({ row }) => row.id === firstKeptEntryId);
  const sent = way.slice(from >= 0 ? from : Math.max(0, boundary)).filter(({ row }) => SENT.has(row.type));
  const set = (type: string) => way.findLast(({ row }) => row.type === type)?.row;
  return {
    summary,
    messages: sent.map(({ line }) => withoutParent(line)),
    model: set("model_change")?.modelId,
    level: set("thinking_level_change")?.thinkingLevel,
  };
}
const SENT = new Set(["message", "custom_message", "branch_summary"]);

const at = (seconds: number) => new Date(Date.UTC(2026, 1, 9, 12, 0, seconds)).toISOString();
export const header = { type: "session", version: 3, id: "s", timestamp: at(0), cwd: "/w" };
export const entry = (type: string, id: string, parentId: string | null, rest: object = {}) => ({
  type,
  id,
  parentId,
  timestamp: at(1),
  ...rest,
});
export const says = (role: string, id: string, parentId: string | null, rest: object = {}) =>
  entry("message", id, parentId, { message: { role, content: [{ type: "text", text: `from ${id}` }] }, ...rest });
export const asks = (id: string, parentId: string | null) => says("user", id, parentId);
export const replies = (id: string, parentId: string | null) => says("assistant", id, parentId);
export const compacts = (id: string, parentId: string, firstKeptEntryId: string) =>
  entry("compaction", id, parentId, { summary: `to ${id}`, firstKeptEntryId, tokensBefore: 9 });
export const notes = (id: string, parentId: string | null, customType = "mine") =>
  entry("custom", id, parentId, { customType, data: { id } });

/** A turn that is cut off, and one that stays although the compaction comes after it. */
export const opening = [header, asks("a1", null), replies("a2", "a1"), asks("k1", "a2"), replies("k2", "k1")];
export const plain = [...opening, compacts("c1", "k2", "k1"), asks("n1", "c1"), replies("n2", "n1")];
export const keptOfPlain = ["5e900001", "k1", "k2", "c1", "n1", "n2"];
