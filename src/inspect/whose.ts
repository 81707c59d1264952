import type { Transcript } from "../installation/installation.ts";
import { showsInteractiveUse } from "../transcript/contents.ts";
import { openTranscript } from "../transcript/open.ts";

/**
 * Whose a transcript is. `bot`: a registry leads to it, or it lies in a bot's project folder and shows no person at the
 * keyboard. `personal`: any other of Claude Code. `unregistered`: OpenClaw's, but no registry entry leads to it.
 */
export type Ownership = "bot" | "personal" | "unregistered";

/** Reads the ends of a transcript only where the place alone does not tell. */
export async function whoseIs(transcript: Transcript): Promise<Ownership> {
  if (transcript.entries.length > 0) return "bot";
  if (transcript.dialect === "openclaw") return "unregistered";
  if (!transcript.inWorkspace || transcript.kind !== "file") return "personal";
  const file = await openTranscript(transcript.path, transcript.fingerprint);
  try {
    return (await showsInteractiveUse(file, transcript.fingerprint.sizeBytes)) ? "personal" : "bot";
  } finally {
    await file.close();
  }
}
