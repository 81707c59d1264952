import type { RowShape } from "../dialects/dialect.ts";

/** What can be wrong with a transcript. The names are stable. */
export type DamageKind =
  | "missing-header"
  | "orphaned-result"
  | "unanswered-call"
  | "duplicate-call"
  | "duplicate-result"
  | "broken-line"
  | "glued-line"
  | "nul-run"
  | "torn-tail"
  | "broken-chain"
  | "straggler"
  | "lone-surrogate"
  | "blank-text";

/**
 * Where damage stands. `live`: in what is sent, or what a resume has to walk through. `last-turn`: a call that may still be
 * running. The others are sent no more: `past` the last compaction, in a `sidechain`, on an `abandoned` branch, in a part
 * of the row that is never sent (`unsent`).
 */
export type Place = "live" | "last-turn" | "past" | "sidechain" | "abandoned" | "unsent";

/** One thing that is wrong. Nothing of the conversation is in it: ids, line numbers, sizes. */
export type Damage = {
  kind: DamageKind;
  /** in a word, for those that come in several forms */
  reason: string;
  place: Place;
  /** from 1 */
  line: number;
  /** of calls, else of rows */
  ids: string[];
};

/** Where a row stands: its line (from 1), that line's byte range without the newline, and which row of a glued line it is. */
export type Where = { line: number; at: number; bytes: number; part: number };

/** A row that may still matter to the conversation. */
export type LiveRow = RowShape & {
  where: Where;
  /** stands before the last compaction, which kept it */
  isPreserved?: boolean;
  /** the row on which it hangs although it names another one */
  followsId?: string;
};

/** Damage that no repair touches: nothing sends it, or the call may still be answered. */
export function isHarmless({ place }: Damage): boolean {
  return place !== "live";
}
