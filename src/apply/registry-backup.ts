import { basename, dirname, join } from "node:path";
import { type Disk, ownershipOf } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { errnoOf } from "../errors.ts";
import type { Tools } from "./tools.ts";

/**
 * Puts a copy of a registry's bytes beside it, as `sessions.json.bak-YYYYMMDD-HHMMSS` (UTC). Nothing is ever replaced: where
 * the name is taken, `-2` comes behind it. The name is given to a whole copy, so that no half one is ever taken for a copy.
 *
 * @returns the copy's path
 */
export function backUpRegistry(
  path: string,
  bytes: Uint8Array | Iterable<Uint8Array>,
  { disk, journal, backupsOf }: Tools,
): string {
  const seen = lookAt(path);
  if (!seen) throw new Error(`${path} is gone`);
  const draft = draftPathFor(path);
  disk.createWith(draft, bytes, ownershipOf(seen.fingerprint));
  try {
    const backup = nameCopy(draft, path, new Set(backupsOf(path)), disk);
    try {
      journal.write("backup", { registry: path, backup });
    } catch (error) {
      disk.remove(backup); // one that nobody knows of is never let go
      throw error;
    }
    return backup;
  } finally {
    disk.remove(draft);
  }
}

/** @param used a name is given once: the journal tells the age of a copy by it */
function nameCopy(draft: string, path: string, used: ReadonlySet<string>, disk: Disk): string {
  const time = new Date().toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  for (let attempt = 1; ; attempt += 1) {
    const backup = `${path}.bak-${time}${attempt > 1 ? `-${attempt}` : ""}`;
    if (used.has(backup)) continue;
    try {
      disk.link(draft, backup);
      return backup;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }
}

const OURS = /\.bak-\d{8}-\d{6}(?:-\d+)?$/;

/** Lets go of the oldest copies beyond `registry.keepBackups`; only of those that our journal made. */
export function pruneBackups(path: string, tools: Tools): void {
  const there = [...new Set(tools.backupsOf(path))].filter(
    (backup) =>
      dirname(backup) === dirname(path) &&
      basename(backup).startsWith(basename(path)) &&
      OURS.test(backup) &&
      lookAt(join(dirname(path), basename(backup)))?.kind === "file",
  );
  for (const backup of there.slice(0, -tools.settings.registry.keepBackups)) tools.disk.remove(backup);
}
