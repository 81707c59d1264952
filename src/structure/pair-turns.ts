import type { ToolCall, ToolResult } from "../dialects/dialect.ts";
import { dropBlock, type Verdict } from "./checker.ts";
import type { Damage, LiveRow } from "./damage.ts";

type Call = { row: LiveRow; index: number; isPartial: boolean; result?: { row: LiveRow; isStandIn: boolean } };
type Turn = { reply: LiveRow | undefined; calls: Map<string, Call> };

/** As the index of a block. */
const WHOLE_ROW = -1;
/** Some providers count anew in every turn; ids of Anthropic's API, and long ones, are unique in a conversation. */
const UNIQUE_ID = /^(?:srv)?toolu_|^.{16}/;

/**
 * Pairs calls and results of the rows that OpenClaw sends. A turn is a message of the model and what follows up to its next
 * one. Calls of a turn that ended in an error are left out by the program, so a result for one has no call.
 */
export function pairTurns(rows: readonly LiveRow[], verdict: Verdict): void {
  const called = new Set<string>();
  const lastReply = rows.findLast(({ role, isMirror }) => role === "assistant" && !isMirror);
  let turn: Turn = { reply: undefined, calls: new Map() };
  for (const row of rows) {
    if (row.role === "assistant") {
      close(turn);
      turn = { reply: row, calls: new Map() };
      for (const call of row.calls) openCall(row, call);
    }
    for (const result of row.results) takeResult(row, result);
  }
  close(turn);

  function openCall(row: LiveRow, { id, index, isPartial }: ToolCall): void {
    const isTwice = turn.calls.has(id) || (UNIQUE_ID.test(id) && called.has(id));
    if (isTwice) {
      note("duplicate-call", "", row, id, index);
      return;
    }
    if (!row.isVoid) called.add(id);
    turn.calls.set(id, { row, index, isPartial });
  }

  function takeResult(row: LiveRow, { callId: id, isStandIn }: ToolResult): void {
    const call = turn.calls.get(id);
    if (id === "") note("orphaned-result", "blank-id", row, id);
    else if (!call) note(called.has(id) && isTwiceIn(row, id) ? "duplicate-result" : "orphaned-result", "", row, id);
    else if (turn.reply?.isVoid) note("orphaned-result", "failed-turn", row, id);
    else if (call.isPartial) note("orphaned-result", "partial-call", row, id);
    else if (!call.result) call.result = { row, isStandIn: isStandIn === true };
    else if (call.result.isStandIn && !isStandIn) {
      note("duplicate-result", "stand-in", call.result.row, id);
      call.result = { row, isStandIn: false };
    } else note("duplicate-result", "", row, id);
  }

  /** The result of a call whose id an earlier turn had already. */
  function isTwiceIn({ where: { line } }: LiveRow, id: string): boolean {
    return verdict.damages.some(({ kind, ids, line: at }) => kind === "duplicate-call" && ids[0] === id && at < line);
  }

  function close({ reply, calls }: Turn): void {
    if (reply?.isVoid) return;
    for (const [id, { row, index, isPartial, result }] of calls) {
      if (isPartial) note("unanswered-call", "partial-call", row, id, index);
      else if (!result && row !== lastReply) note("unanswered-call", "", row, id, index);
      else if (!result) {
        const { line } = row.where;
        verdict.damages.push({ kind: "unanswered-call", reason: "", place: "last-turn", line, ids: [id] });
      }
    }
  }

  function note(kind: Damage["kind"], reason: string, row: LiveRow, id: string, index = WHOLE_ROW): void {
    verdict.damages.push({ kind, reason, place: "live", line: row.where.line, ids: id === "" ? [] : [id] });
    dropBlock(verdict.drops, row, index);
  }
}
