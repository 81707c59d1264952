import type { Drop } from "./checker.ts";
import type { LiveRow } from "./damage.ts";
import type { Scan } from "./scan.ts";

/**
 * Takes a conversation back to the last state that the API has accepted: the end of the model's last finished reply, or the
 * summary of the last compaction. All rows of the conversation behind that are marked to go. Pure.
 *
 * @returns undefined when there is no such state, or nothing behind it
 */
export function planRewind(scan: Scan): Scan | undefined {
  const main = scan.rows.filter(({ isMain, role, id }) => isMain && role !== "header" && id !== undefined);
  const end = endOfLastReply(main) ?? endOfSummary(scan, main);
  if (!end) return undefined;
  const behind = scan.rows.filter(({ where, id }) => id !== undefined && where.line > end.where.line);
  if (!behind.some(({ isMain }) => isMain)) return undefined;
  const drops = new Map<LiveRow, Drop>(behind.map((row) => [row, "row"]));
  const isKept = ({ line }: { line: number }) => line <= end.where.line;
  return {
    ...scan,
    drops: new Map([...scan.drops, ...drops]),
    bridges: scan.bridges.filter(({ row }) => isKept(row.where)),
    halfCharacters: scan.halfCharacters.filter(isKept),
  };
}

/** The last row of the last reply that asked for nothing more, so that the turn was over. */
function endOfLastReply(rows: readonly LiveRow[]): LiveRow | undefined {
  const callers = new Set(rows.flatMap((row) => (row.calls.length > 0 ? replyOf(row) : [])));
  const isFinished = (row: LiveRow) =>
    row.role === "assistant" && !row.isVoid && !row.isMirror && !row.isErrorReport && !callers.has(replyOf(row));
  return rows.findLast(isFinished);
}

function endOfSummary({ boundary }: Scan, rows: readonly LiveRow[]): LiveRow | undefined {
  if (!boundary) return undefined;
  return rows.find(({ parentId }) => parentId === boundary.id) ?? boundary;
}

function replyOf(row: LiveRow): string {
  return row.messageId ?? row.id ?? "";
}
