import type { Transcript } from "../installation/installation.ts";
import type { Underway, Unmendable } from "../state/state.ts";

/** It is forgotten, and not yet emptied or removed. */
export function isUnfinished({ path, fingerprint, entries }: Transcript, begun: Underway): boolean {
  const isWhole = begun.inode === fingerprint.inode && fingerprint.sizeBytes >= begun.sizeBytes;
  return begun.path === path && begun.reason !== "repair" && isWhole && entries.length === 0;
}

/** It is as it was when an earlier run tried to mend it. */
export function isSameAs({ path, fingerprint }: Transcript, tried: Unmendable): boolean {
  const { inode, sizeBytes, mtimeMs } = fingerprint;
  return tried.path === path && tried.inode === inode && tried.sizeBytes === sizeBytes && tried.mtimeMs === mtimeMs;
}
