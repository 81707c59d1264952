import type { Settings } from "../config/settings.ts";
import { dialects } from "../dialects/index.ts";
import { gatherDigest } from "../digest/gather.ts";
import { digestRows } from "../digest/rows.ts";
import type { Transcript } from "../installation/installation.ts";
import { openTranscript } from "../transcript/open.ts";

/** True when a digest of a transcript can be made from which its program goes on. */
export async function canDigest(
  { path, dialect, fingerprint, sessionId }: Transcript,
  { rotate }: Settings,
  signal: AbortSignal,
): Promise<boolean> {
  const file = await openTranscript(path, fingerprint);
  try {
    const { sizeBytes, mtimeMs } = fingerprint;
    const facts = await gatherDigest(file, sizeBytes, dialects[dialect], signal);
    const options = { archive: "", files: [], limitBytes: rotate.digestSize, sessionId, nowMs: mtimeMs };
    return digestRows(facts, options) !== undefined;
  } finally {
    await file.close();
  }
}
