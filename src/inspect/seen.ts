import type { Transcript } from "../installation/installation.ts";
import type { Cursor } from "../state/cursors.ts";

/** True when a transcript has not changed since the look that left this cursor. */
export function isSeen({ fingerprint }: Transcript, cursor: Cursor | undefined): cursor is Cursor {
  const { inode, sizeBytes, mtimeMs } = fingerprint;
  const isSame = cursor?.inode === inode && cursor.sizeBytes === sizeBytes && cursor.mtimeMs === mtimeMs;
  return isSame && cursor?.isUnsettled !== true;
}
