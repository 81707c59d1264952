import { readdirSync } from "node:fs";
import { join } from "node:path";
import { catalogPathOf } from "../archive/catalog.ts";
import { readIndex } from "../archive/catalog-index.ts";
import { type ArchiveNameParts, parseArchiveName } from "../archive/names.ts";
import { dialects } from "../dialects/index.ts";
import { errnoOf } from "../errors.ts";

/** A file that is named like an archive, and that no catalog knows. */
export type Lost = { archive: string; parts: ArchiveNameParts };

/** Files in an archive folder that the catalog should know by their names, and the lines of it that cannot be read. */
export type CatalogDamage = { lost: Lost[]; unreadableLines: number };

/** Compares the names in an archive folder with its catalog; opens no archive. The oldest come first. */
export function findCatalogDamage(folder: string): CatalogDamage {
  const { records, pruned, unreadable } = readIndex(catalogPathOf(folder));
  const lost: Lost[] = [];
  for (const dialect of Object.keys(dialects)) {
    for (const { name: group } of entriesOf(join(folder, dialect)).filter((entry) => entry.isDirectory())) {
      for (const file of entriesOf(join(folder, dialect, group))) {
        const archive = join(dialect, group, file.name);
        if (!file.isFile() || records.has(archive) || pruned.has(archive)) continue;
        const parts = parseArchiveName(archive);
        if (parts) lost.push({ archive, parts });
      }
    }
  }
  const order = ({ parts }: Lost) => parts.at.getTime();
  lost.sort((a, b) => order(a) - order(b) || a.parts.attempt - b.parts.attempt);
  return { lost, unreadableLines: unreadable };
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR") return [];
    throw error;
  }
}
