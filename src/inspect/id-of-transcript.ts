import { basename } from "node:path";
import { readEvidence } from "../derive/evidence.ts";
import { nameOf } from "../derive/name.ts";
import type { Transcript } from "../installation/installation.ts";
import { openTranscript } from "../transcript/open.ts";

/**
 * The id of the session that a transcript of OpenClaw is of, which a topic's or a fork's file only has within its name. One that
 * cannot be read goes by its name alone.
 */
export async function idOfTranscript({ path, fingerprint, sessionId }: Transcript): Promise<string> {
  return nameOf(basename(path), await headerIdOf(path, fingerprint)).sessionId ?? sessionId;
}

async function headerIdOf(path: string, fingerprint: Transcript["fingerprint"]): Promise<string | undefined> {
  try {
    const file = await openTranscript(path, fingerprint);
    const evidence = await readEvidence(file, fingerprint.sizeBytes).finally(() => file.close());
    return evidence.sessionId;
  } catch {
    return undefined;
  }
}
