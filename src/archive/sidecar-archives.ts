import { join, sep } from "node:path";
import type { CatalogRecord, SidecarArchive } from "./catalog.ts";

/** The archives of what belonged to a transcript, with their absolute paths: the one that counts, then earlier ones. */
export function sidecarArchivesOf(
  { sidecars }: Pick<CatalogRecord, "sidecars">,
  folder: string,
): Omit<SidecarArchive, "earlier">[] {
  if (!sidecars) return [];
  const { earlier = [], ...newest } = sidecars;
  // what a damaged catalog tells of places outside the folder is not believed
  return [newest, ...earlier]
    .map((one) => ({ ...one, archive: join(folder, one.archive) }))
    .filter(({ archive }) => archive.startsWith(folder + sep));
}
