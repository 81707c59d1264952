import { join } from "node:path";
import { findFalling } from "../archive/falling.ts";
import { createProver } from "../archive/proof.ts";
import type { Outcome } from "./outcome.ts";
import { pruneArchive } from "./prune-archive.ts";
import { reasonOf } from "./reason.ts";
import type { Tools } from "./tools.ts";

/**
 * Lets go of what no rule of `archive.keep` keeps, in one archive folder, once what stays as the last copy was read back. Only
 * archives of the command `archive` ever fall.
 *
 * @param distrusted paths of archives that stay: they, or the last copies of their sessions, are not what their catalog says
 */
export async function retain(folder: string, distrusted: ReadonlySet<string>, tools: Tools): Promise<Outcome[]> {
  const { falling, gone } = findFalling(folder, tools.settings.archive.keep, Date.now());
  const prove = createProver(folder, tools.signal);
  const outcomes: Outcome[] = [];
  for (const { record, lastCopy } of [...falling, ...gone.map((record) => ({ record, lastCopy: [] }))]) {
    if (tools.signal.aborted) return outcomes; // the next run lets it go
    const path = join(folder, record.archive);
    if (distrusted.has(path)) continue;
    const step = { kind: "prune-archive" as const, archive: path };
    try {
      const broken = await prove(lastCopy);
      if (broken) {
        const because = `it stays, because ${join(folder, broken.record.archive)}, the last copy of the session, cannot be trusted: ${broken.problem}`;
        outcomes.push({ step, result: "failed", because, detail: { archive: path } });
      } else outcomes.push(...(await pruneArchive(record, path, folder, tools)));
    } catch (error) {
      if (tools.signal.aborted) return outcomes;
      outcomes.push({ step, result: "failed", because: reasonOf(error), detail: { archive: path } });
    }
  }
  return outcomes;
}
