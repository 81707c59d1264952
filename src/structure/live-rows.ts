import type { LiveRow } from "./damage.ts";

/** The rows that are still of interest, by id and in the order of the file. A row that is written again replaces itself. */
export type LiveRows = {
  add: (row: LiveRow) => void;
  get: (id: string) => LiveRow | undefined;
  /** in the order of the file */
  all: () => readonly LiveRow[];
  /** the nearest row before this one for which `isWanted` holds */
  before: (row: LiveRow, isWanted: (row: LiveRow) => boolean) => LiveRow | undefined;
  /** forgets all rows but these */
  keepOnly: (rows: readonly LiveRow[]) => void;
};

export function createLiveRows(): LiveRows {
  let byId = new Map<string, LiveRow>();
  let ordered: LiveRow[] = [];
  let isReplaced = false;
  const all = () => {
    if (isReplaced) ordered = ordered.filter((row) => row.id === undefined || byId.get(row.id) === row);
    isReplaced = false;
    return ordered;
  };
  return {
    add(row) {
      if (row.id !== undefined) {
        const known = byId.size;
        byId.set(row.id, row);
        if (byId.size === known) isReplaced = true;
      }
      ordered.push(row);
    },
    get: (id) => byId.get(id),
    all,
    before(row, isWanted) {
      const rows = all();
      for (let at = rows.lastIndexOf(row) - 1; at >= 0; at -= 1) {
        const candidate = rows[at];
        if (candidate && isWanted(candidate)) return candidate;
      }
      return undefined;
    },
    keepOnly(rows) {
      // not cleared: V8 leads from what a map held before to what it holds later, so the rows of a whole file pile up (30 MB of 2 GB)
      byId = new Map();
      ordered = [];
      isReplaced = false;
      for (const row of rows) this.add(row);
    },
  };
}
