import { type CatalogRecord, recordsOf } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import type { Settings } from "../config/settings.ts";
import type { Installation, Transcript } from "../installation/installation.ts";

/** The archive that everything which is in a file now went into, by its identity, size and time; nothing is read for it. */
export function copyOf(
  transcript: Transcript,
  installation: Installation,
  settings: Settings,
): CatalogRecord | undefined {
  const { dialect, path, fingerprint } = transcript;
  const records = recordsOf(archiveFolderOf(settings, installation, { dialect, path }), path);
  return records.findLast(
    ({ inode, bytes, at }) =>
      inode === fingerprint.inode &&
      bytes === fingerprint.sizeBytes &&
      Date.parse(at) >= Math.floor(fingerprint.mtimeMs),
  );
}
