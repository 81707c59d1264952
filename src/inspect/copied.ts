import { join } from "node:path";
import { type CatalogRecord, recordsOf } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import type { Settings } from "../config/settings.ts";
import { lookAt } from "../disk/fingerprint.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { findSidecars } from "../installation/sidecars.ts";

/**
 * The archive that everything which is in a file now went into, by its identity, size and time; no transcript is read for it.
 * One that is not in its place any more is no copy.
 */
export function copyOf(
  transcript: Transcript,
  installation: Installation,
  settings: Settings,
): CatalogRecord | undefined {
  const { dialect, path, fingerprint } = transcript;
  const folder = archiveFolderOf(settings, installation, { dialect, path });
  return recordsOf(folder, path).findLast(
    ({ archive, inode, bytes, at, seenAt }) =>
      inode === fingerprint.inode &&
      bytes === fingerprint.sizeBytes &&
      Date.parse(seenAt ?? at) >= Math.floor(fingerprint.mtimeMs) &&
      lookAt(join(folder, archive)),
  );
}

/** True for an archive that falls only when a later one holds the session, too: rotate lets its own go by their number. */
export function isLasting({ command }: CatalogRecord): boolean {
  return command !== "rotate";
}

/**
 * True when that archive lasts and has what belongs to the transcript beside it. What cannot be taken along is no reason to copy the
 * transcript again and again.
 */
export function isCopiedWhole(transcript: Transcript, installation: Installation, settings: Settings): boolean {
  const copy = copyOf(transcript, installation, settings);
  if (!copy || !isLasting(copy)) return false;
  const folder = archiveFolderOf(settings, installation, transcript);
  if (copy.sidecars) return lookAt(join(folder, copy.sidecars.archive)) !== undefined;
  const sidecars = findSidecars(transcript, installation);
  return "refused" in sidecars || sidecars.files.length === 0;
}

/** Since when (epoch ms) what belongs to a transcript is in an archive that is there and lasts; undefined when it is in none. */
export function sidecarsCopiedAt(
  transcript: Transcript,
  installation: Installation,
  settings: Settings,
): number | undefined {
  const folder = archiveFolderOf(settings, installation, transcript);
  const times = recordsOf(folder, transcript.path)
    .filter((record) => isLasting(record) && record.sidecars && lookAt(join(folder, record.sidecars.archive)))
    .map(({ at, seenAt }) => Date.parse(seenAt ?? at));
  return times.length > 0 ? Math.max(...times) : undefined;
}
