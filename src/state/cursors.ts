import { readFileSync } from "node:fs";
import type { Disk } from "../disk/disk.ts";
import type { Damage } from "../structure/damage.ts";
import type { ResumePoint } from "../structure/scan.ts";

/** A row that tells of an error of the API, as far as a later run may know of it. `at`: when it was written (epoch ms). */
export type ErrorReport = { line: number; signature: string; ids: string[]; at?: number };

/**
 * What a look at a transcript found, so that the next one costs a stat when nothing changed, and only the new bytes when it
 * grew. `head`, `tail`: checksums of its first bytes, and of the last that were looked at.
 */
export type Cursor = {
  inode: number;
  sizeBytes: number;
  mtimeMs: number;
  head: number;
  tail: number;
  damages: Damage[];
  reports: ErrorReport[];
  resume?: ResumePoint;
  /** it ended in a row that was still being written */
  isUnsettled?: boolean;
};

/** By the transcript's path. Losing them costs one full look. */
export type Cursors = Record<string, Cursor>;

const FORMAT = 2;

/** Where they are kept: beside what the runs on the same homes remember. */
export function cursorsPathOf(statePath: string): string {
  return statePath.replace(/\.json$/, ".structure.json");
}

export function readCursors(path: string): { cursors: Cursors; text: string } {
  try {
    const text = readFileSync(path, "utf8");
    const { format, cursors } = JSON.parse(text);
    return format === FORMAT ? { cursors, text } : { cursors: {}, text: "" };
  } catch {
    return { cursors: {}, text: "" };
  }
}

/** Writes them when they are not what was read. Never synced: what is lost is looked at again. */
export function writeCursors(disk: Disk, path: string, cursors: Cursors, before: string): void {
  const text = JSON.stringify({ format: FORMAT, cursors });
  if (text !== before) disk.replace(path, text, { sync: false });
}
