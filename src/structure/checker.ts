import type { Damage, LiveRow } from "./damage.ts";

/**
 * A row whose parent is not among the live ones. `missing` undefined: it does not say on which row it hangs. `bridge`: the
 * nearest row before it, which the break hides.
 */
export type Break = { row: LiveRow; missing: string | undefined; bridge: LiveRow };

/** What to take out of a row: the whole row, or the blocks of its content with these indexes. */
export type Drop = "row" | Set<number>;

export type Verdict = {
  damages: Damage[];
  drops: Map<LiveRow, Drop>;
  /** to be confirmed by looking for the missing parent in the part of the file that is behind the live rows */
  breaks: Break[];
  /** the way up from the last row leaves the rows that were kept: all of them are needed for the answer */
  needsAllRows: boolean;
};

/** Takes the rows of a transcript in order and tells what is wrong with how they hang together. One for each dialect. */
export type Checker = {
  add: (row: LiveRow) => void;
  /** the rows that still matter, in the order of the file */
  rows: () => readonly LiveRow[];
  /** the last compaction, when there was one */
  boundary: () => LiveRow | undefined;
  past: () => Past;
  finish: () => Verdict;
};

export type CheckerOptions = {
  /** keep every row, whatever a compaction says */
  keepAll?: boolean;
  /** a look that goes on where an earlier one found the last compaction: what that one knew of the part before it */
  past?: Past;
};

/** What is wrong before the last compaction, and in sidechains up to it; and the calls that were running when it came. */
export type Past = { damages: readonly Damage[]; cutOff: readonly string[] };

/** Adds a block to what is taken out of a row; a row of which nothing, or only thoughts, would be left goes whole. */
export function dropBlock(drops: Map<LiveRow, Drop>, row: LiveRow, index: number): void {
  const before = drops.get(row);
  if (before === "row") return;
  const blocks = (before ?? new Set<number>()).add(index);
  drops.set(row, index < 0 || blocks.size + row.thoughts >= row.blocks ? "row" : blocks);
}
