import { registryLocking } from "../installation/era.ts";
import type { EntryReference, Installation, Transcript } from "../installation/installation.ts";
import { BLANK_LIMIT_BYTES, holdsNothing } from "../transcript/contents.ts";
import { openTranscript } from "../transcript/open.ts";
import { type Finding, identify } from "./finding.ts";

/** A binding to a Claude Code session that holds no rows: resuming it fails, so the gateway must forget it. */
export type StaleBinding = { transcript: Transcript; entry: EntryReference; finding: Finding; inUse?: string };

/**
 * Bindings to Claude Code files that are there and hold nothing. A file made a moment ago is a session being born.
 *
 * @param quietSinceMs what was written to after this (epoch ms) is left out
 * @param blank paths of large files that were found to hold nothing
 */
export async function findStaleBindings(
  { transcripts, openclaw }: Installation,
  quietSinceMs: number,
  blank: ReadonlySet<string>,
): Promise<StaleBinding[]> {
  const stale: StaleBinding[] = [];
  if (!openclaw || registryLocking(openclaw.era.era) === "never") return stale;
  for (const transcript of transcripts) {
    const { dialect, entries, kind, fingerprint } = transcript;
    if (dialect !== "claude-code" || entries.length === 0 || kind !== "file" || fingerprint.mtimeMs > quietSinceMs)
      continue;
    // a healthy bot's transcripts are not opened for this
    if (fingerprint.sizeBytes > BLANK_LIMIT_BYTES && !blank.has(transcript.path)) continue;
    const file = await openTranscript(transcript.path, fingerprint).catch(() => undefined);
    if (!file) continue;
    const isEmpty = await holdsNothing(file, fingerprint.sizeBytes);
    await file.close();
    if (!isEmpty) continue;
    for (const entry of entries) {
      const finding: Finding = {
        kind: "stale-binding",
        severity: "warning",
        ...identify(transcript, entry),
        evidence: { provider: entry.provider, registry: entry.registryPath },
      };
      stale.push({ transcript, entry, finding });
    }
  }
  return stale;
}
