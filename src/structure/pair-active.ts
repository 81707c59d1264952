import { dropBlock, type Verdict } from "./checker.ts";
import type { LiveRow } from "./damage.ts";

type Found = { row: LiveRow; index: number; isAnswered: boolean };

/**
 * Pairs calls and results of the rows that a resume of Claude Code sends, and notes what has to go.
 *
 * Tools that the API runs itself have their result in the same reply; all others in a later row of the user.
 *
 * @param rows in the order of the file
 * @param context.isOnPath not only taken along because the row belongs to the same reply
 * @param context.isCutOff the call was still running when the last compaction came
 */
export function pairActive(
  rows: readonly LiveRow[],
  verdict: Verdict,
  context: { isOnPath: (row: LiveRow) => boolean; isCutOff: (callId: string) => boolean },
): void {
  const calls = new Map<string, Found>();
  for (const row of rows) {
    for (const { id, index, isServer } of row.calls) {
      const key = keyOf(row, id, isServer);
      if (calls.has(key)) note("duplicate-call", "", row, id, index);
      else calls.set(key, { row, index, isAnswered: false });
    }
  }
  for (const row of rows) {
    for (const { callId, index, isServer } of row.results) {
      const call = calls.get(keyOf(row, callId, isServer));
      const reason = context.isCutOff(callId) ? "cut-off" : isServer ? "server-tool" : "";
      if (!call) note("orphaned-result", reason, row, callId, index);
      else if (call.isAnswered) note("duplicate-result", "", row, callId, index);
      else call.isAnswered = true;
    }
  }
  const answeredReplies = new Set([...calls.values()].flatMap((call) => (call.isAnswered ? replyOf(call.row) : [])));
  const lastReply = rows.findLast(({ role }) => role === "assistant");
  for (const [key, { row, index, isAnswered }] of calls) {
    if (isAnswered) continue;
    const id = key.slice(key.lastIndexOf("\0") + 1);
    const isLast = lastReply === undefined || replyOf(row) === replyOf(lastReply);
    // a reply of which nothing was answered, and which was left behind: the conversation went on from before its calls
    const isLeft = !context.isOnPath(row) && !answeredReplies.has(replyOf(row));
    if (!isLast && !isLeft) note("unanswered-call", key === `\0${id}` ? "" : "server-tool", row, id, index);
    else {
      const { line } = row.where;
      verdict.damages.push({
        kind: "unanswered-call",
        reason: "",
        place: isLast ? "last-turn" : "abandoned",
        line,
        ids: [id],
      });
    }
  }

  function note(
    kind: "duplicate-call" | "duplicate-result" | "orphaned-result" | "unanswered-call",
    reason: string,
    row: LiveRow,
    id: string,
    index: number,
  ): void {
    verdict.damages.push({ kind, reason, place: "live", line: row.where.line, ids: [id] });
    dropBlock(verdict.drops, row, index);
  }
}

function keyOf(row: LiveRow, id: string, isServer: boolean): string {
  return isServer ? `${replyOf(row)}\0${id}` : `\0${id}`;
}

function replyOf(row: LiveRow): string {
  return row.messageId ?? row.id ?? "";
}
