import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Disk } from "../disk/disk.ts";
import { type Figures, NO_FIGURES } from "./figures.ts";
import type { CatalogSums } from "./measure.ts";

type Stored = { figures: Figures; catalogs: CatalogSums };

const FORMAT = 1;
/** Read by a collector that runs as another user. */
const MODE = 0o644;

/** Where figures are kept from run to run. */
export function metricsStatePathOf(stateDirectory: string): string {
  return join(stateDirectory, "metrics.json");
}

/** Losing it makes the counters begin at 0 again, as collectors expect of a restart. */
export function readFigures(path: string): Stored {
  try {
    const { format, figures, catalogs } = JSON.parse(readFileSync(path, "utf8"));
    if (format === FORMAT) return { figures, catalogs };
  } catch {
    // the first run
  }
  return { figures: NO_FIGURES, catalogs: {} };
}

/** Replaces the file (0600). Not synced, so that an idle run syncs nothing. */
export function writeFigures(disk: Disk, path: string, stored: Stored): void {
  disk.makeFolder(dirname(path));
  disk.replace(path, JSON.stringify({ format: FORMAT, ...stored }), { sync: false });
}

/** Replaces the text file that a collector reads: whole, and readable for everybody. Its folder is not made. */
export function writeTextfile(disk: Disk, path: string, text: string): void {
  disk.replace(path, text, { sync: false, mode: MODE });
}
