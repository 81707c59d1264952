import { sep } from "node:path";
import type { Tools } from "../apply/tools.ts";
import { catalogPathOf } from "../archive/catalog.ts";
import { finishRewrites, isLongCatalog, rewriteCatalog } from "../archive/rewrite-catalog.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { describeError } from "../errors.ts";
import type { Finding } from "../inspect/finding.ts";
import type { Installation } from "../installation/installation.ts";
import { mayWriteHome } from "../plan/rotate.ts";
import { type Rebuilt, rebuildCatalog } from "../restore/rebuild.ts";
import { foldersOf, keepsArchivesAlone } from "./archive-folders.ts";
import type { DutyContext } from "./duty.ts";

/**
 * Enters archives anew that the catalogs of an installation have lost, and writes a catalog anew that is damaged or long. What
 * stands in the way is noted in `unreadable`, and the run goes on without.
 *
 * @returns what was damaged; it is dealt with
 */
export async function mendCatalogs(tools: Tools, { request, settings, world }: DutyContext): Promise<Finding[]> {
  const { installation, disk } = tools;
  const findings: Finding[] = [];
  for (const folder of foldersOf(installation, settings)) {
    if (lookAt(folder)?.kind !== "folder" || isClosed(folder, installation)) continue;
    try {
      finishRewrites(disk, folder);
      const rebuilt = await rebuildCatalog(folder, installation, keepsArchivesAlone(request, settings), world.signal);
      const isDamaged = rebuilt !== undefined && (rebuilt.records.length > 0 || rebuilt.unreadableLines > 0);
      if (isDamaged || isLongCatalog(folder)) rewriteCatalog(disk, folder, rebuilt?.records);
      if (rebuilt) findings.push(...catalogFindings(folder, rebuilt, true));
    } catch (error) {
      if (world.signal.aborted) return findings; // the next run sees to it
      installation.unreadable.push({ path: catalogPathOf(folder), message: describeError(error) });
    }
  }
  return findings;
}

/**
 * What is to be said of a catalog that lacked something. Nothing is lost by a line that a full disk tore and that was written
 * again, and a file of somebody else that only has such a name is no damage.
 */
export function catalogFindings(folder: string, rebuilt: Rebuilt, isMended: boolean): Finding[] {
  const { records, unreadableLines, notAdopted } = rebuilt;
  const isDamage = records.length > 0 || notAdopted.some(({ refused }) => refused === "broken");
  if (!isDamage && unreadableLines === 0 && notAdopted.length === 0) return [];
  return [
    {
      kind: "damaged-catalog",
      severity: isDamage ? "warning" : "info",
      path: catalogPathOf(folder),
      evidence: {
        entered: records.length,
        unreadableLines,
        notAdopted: notAdopted.map(({ archive }) => archive),
        broken: notAdopted.filter(({ refused }) => refused === "broken").map(({ archive }) => archive),
        isMended,
      },
    },
  ];
}

/** In a home that is not to be written to, the catalog is none of our business either. */
function isClosed(folder: string, installation: Installation): boolean {
  const { openclaw } = installation;
  return openclaw !== null && folder.startsWith(openclaw.home + sep) && !mayWriteHome(installation);
}
