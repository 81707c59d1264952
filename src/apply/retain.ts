import { join } from "node:path";
import { readCatalog } from "../archive/catalog.ts";
import { planRetention } from "../archive/keep.ts";
import type { Outcome } from "./outcome.ts";
import { pruneArchive } from "./prune-archive.ts";
import { reasonOf } from "./reason.ts";
import type { Tools } from "./tools.ts";

/**
 * Lets go of what no rule of `archive.keep` keeps, in one archive folder. Only archives of the command `archive` ever fall.
 *
 * @param distrusted paths of archives that do not hold what their catalog says: these stay
 */
export async function retain(folder: string, distrusted: ReadonlySet<string>, tools: Tools): Promise<Outcome[]> {
  const { archives } = planRetention(readCatalog(folder), tools.settings.archive.keep, Date.now());
  const outcomes: Outcome[] = [];
  for (const { record } of archives.filter(({ keptBy }) => keptBy.length === 0)) {
    if (tools.signal.aborted) return outcomes; // the next run lets it go
    const path = join(folder, record.archive);
    if (distrusted.has(path)) continue;
    try {
      outcomes.push(...(await pruneArchive(record, path, folder, tools)));
    } catch (error) {
      if (tools.signal.aborted) return outcomes;
      const step = { kind: "prune-archive" as const, archive: path };
      outcomes.push({ step, result: "failed", because: reasonOf(error), detail: { archive: path } });
    }
  }
  return outcomes;
}
