import type { Where } from "./damage.ts";

/** What is to be changed in one row; all else of it stays byte for byte. */
export type RowEdit = {
  isDropped?: boolean;
  /** indexes in the row's content */
  dropBlocks?: ReadonlySet<number>;
  /** members of the row that get another value */
  set?: Record<string, string | number | null>;
  /** half characters become the sign for a character that was lost */
  mendHalves?: boolean;
  /** ids that a compaction's lists of kept rows must not name any more, and what takes their place at the ends */
  unlist?: { ids: ReadonlySet<string>; headId: string | undefined; tailId: string | undefined };
};

/** What is to be changed in one line: as a whole, or in the rows that it holds. */
export type LineEdit = { where: Where; isUnreadable: boolean; rows: Map<number, RowEdit> };

/** What a mended transcript does not hold any more. The original is in the archive. */
export type Losses = {
  results: number;
  calls: number;
  /** calls and results that stood a second time */
  doubles: number;
  rows: number;
  unreadableLines: number;
};

/** All that has to be changed, in the order of the file. */
export type Mending = {
  edits: LineEdit[];
  /** a header has to be put first: this row of the file, or a new one */
  header: Where | "new" | undefined;
  losses: Losses;
};
