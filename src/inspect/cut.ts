import type { Transcript } from "../installation/installation.ts";
import type { Cut, CutRefusal } from "../structure/cut.ts";
import { planCut } from "../structure/plan-cut.ts";
import { openTranscript } from "../transcript/open.ts";

/** How a transcript could be cut as it is now; or what stands against it. */
export async function lookForCut(
  { path, dialect, fingerprint, entries }: Transcript,
  signal: AbortSignal,
): Promise<Cut | CutRefusal> {
  const file = await openTranscript(path, fingerprint);
  try {
    return await planCut({ dialect, isBound: entries.length > 0 }, file, fingerprint.sizeBytes, signal);
  } finally {
    await file.close();
  }
}
