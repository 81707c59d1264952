import type { Damage, LiveRow, Place } from "./damage.ts";

/** Pairs calls and results by their ids alone, in the order of the file: for rows that no program sends any more. */
export type IdPairing = {
  add: (row: LiveRow) => void;
  /** a result for this call stands elsewhere: it is not unanswered. True when it was known */
  answer: (callId: string) => boolean;
  /** the same for the calls of the last turn of these rows: they were still running when the rows were left behind */
  answerLastTurn: (rows: readonly LiveRow[]) => string[];
  /** what was answered so far is needed no more: keeps memory bounded by what is open */
  forgetAnswered: () => void;
  damages: () => Damage[];
};

/** @param known what an earlier look found: its unanswered calls may still get their results */
export function pairById(place: Place, known: readonly Damage[] = []): IdPairing {
  /** calls without their result so far, and their lines */
  let open = new Map<string, number>();
  const damages: Damage[] = [];
  let answered = new Set<string>();
  for (const damage of known) {
    if (damage.kind === "unanswered-call" && damage.ids[0] !== undefined) open.set(damage.ids[0], damage.line);
    else damages.push(damage);
  }
  return {
    add(row) {
      const {
        calls,
        results,
        where: { line },
      } = row;
      if (row.flaw !== undefined) damages.push(flawOf(row, place));
      for (const { id } of row.isVoid ? [] : calls) {
        if (open.has(id) || answered.has(id))
          damages.push({ kind: "duplicate-call", reason: "", place, line, ids: [id] });
        else open.set(id, line);
      }
      for (const { callId } of results) {
        if (open.delete(callId)) answered.add(callId);
        else {
          const kind = answered.has(callId) ? "duplicate-result" : "orphaned-result";
          damages.push({ kind, reason: "", place, line, ids: callId === "" ? [] : [callId] });
        }
      }
    },
    answer: (callId) => open.delete(callId),
    answerLastTurn: (rows) => callsOfLastTurn(rows).filter((id) => open.delete(id)),
    forgetAnswered() {
      answered = new Set();
      open = new Map(open); // see live-rows
    },
    damages: () => [
      ...damages,
      ...Array.from(open, ([id, line]): Damage => ({ kind: "unanswered-call", reason: "", place, line, ids: [id] })),
    ],
  };
}

/** What makes a row itself unusable, as damage. */
export function flawOf(row: LiveRow, place: Place): Damage {
  const kind = row.flaw === "no-role" ? "broken-line" : "blank-text";
  return { kind, reason: row.flaw ?? "", place, line: row.where.line, ids: row.id === undefined ? [] : [row.id] };
}

function callsOfLastTurn(rows: readonly LiveRow[]): string[] {
  const last = rows.findLast(({ role, isMain }) => role === "assistant" && isMain);
  const isOfIt = ({ id, messageId }: LiveRow) =>
    last?.messageId === undefined ? id === last?.id : messageId === last.messageId;
  return last ? rows.filter(isOfIt).flatMap(({ calls }) => calls.map(({ id }) => id)) : [];
}
