import type { LogMatch } from "../gateway-log/read-logs.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { holdsAnyOf } from "../transcript/contents.ts";
import { openTranscript } from "../transcript/open.ts";
import { countOfKey, type LogReader } from "./shared-logs.ts";
import { whoseIs } from "./whose.ts";

/** Which session a log line condemns. `unknown`: it names one that we don't have; `ambiguous`: it could be several. */
export type Attribution =
  | { kind: "session"; transcript: Transcript; by: "key" | "id" | "tool" | "only-candidate" }
  | { kind: "unknown" }
  | { kind: "ambiguous"; candidates: number };

/**
 * Finds the session that a log line is about: by registry key, by session id, by a tool id that a transcript holds. A line
 * that names none is about the bot's session when there is just one and the log is no other installation's as well. A key that
 * others who read the log may have, too, such as `agent:main:main`, names a session only together with one of its tool ids.
 *
 * @param others the installations that read the same log
 */
export async function attribute(
  match: LogMatch,
  installation: Installation,
  others: readonly LogReader[],
): Promise<Attribution> {
  const named = match.keys.flatMap((key) => transcriptsOfKey(key, installation));
  const claims = Math.max(0, ...match.keys.map((key) => countOfKey(others, key)));
  const byKey = claims === 0 ? named[0] : undefined;
  const first = byKey ?? match.sessionIds.flatMap((id) => transcriptsOfId(id, installation))[0];
  if (first) return { kind: "session", transcript: first, by: byKey ? "key" : "id" };
  if (match.toolIds.length > 0) {
    const holding = conversations(await transcriptsHolding(match.toolIds, installation));
    if (holding.length === 1 && holding[0]) return { kind: "session", transcript: holding[0], by: "tool" };
    if (holding.length > 1) return { kind: "ambiguous", candidates: holding.length };
  }
  if (named.length > 0) return { kind: "ambiguous", candidates: 1 + claims };
  // A tool id that no transcript holds names nobody: the damage may have been in the request only.
  if (match.keys.length > 0 || match.sessionIds.length > 0) return { kind: "unknown" };
  const candidates = await candidatesFor(match, installation);
  if (candidates.length === 1 && candidates[0] && others.length === 0) {
    return { kind: "session", transcript: candidates[0], by: "only-candidate" };
  }
  return { kind: "ambiguous", candidates: candidates.length };
}

/**
 * The conversations that a line without a name could be about. What the Claude Code command reported can only concern its
 * own sessions; a rejection may also come from a conversation that OpenClaw holds itself.
 */
async function candidatesFor(match: LogMatch, { transcripts }: Installation): Promise<Transcript[]> {
  const candidates: Transcript[] = [];
  for (const transcript of transcripts) {
    const mayHoldRows = transcript.kind === "file" && transcript.fingerprint.sizeBytes > 1;
    const isPossible = transcript.dialect === "claude-code" || match.kind === "rejection-logged";
    if (mayHoldRows && isPossible && (await whoseIs(transcript)) === "bot") candidates.push(transcript);
  }
  return conversations(candidates);
}

/** One transcript for each conversation: an entry that continues in Claude Code keeps a thin transcript of its own besides. */
function conversations(transcripts: readonly Transcript[]): Transcript[] {
  const continued = new Set(transcripts.filter(({ dialect }) => dialect === "claude-code").flatMap(entryNames));
  return transcripts.filter(
    (transcript) => transcript.dialect === "claude-code" || !entryNames(transcript).some((name) => continued.has(name)),
  );
}

function entryNames({ entries }: Transcript): string[] {
  return entries.map(({ registryPath, entry }) => `${registryPath}\0${entry.key}`);
}

/** An entry's conversation: the Claude Code session that it continues where there is one with rows, else its own transcript. */
export function transcriptsOfKey(key: string, { transcripts }: Installation): Transcript[] {
  const wanted = key.toLowerCase();
  const theirs = transcripts.filter(({ entries }) => entries.some(({ entry }) => entry.key.toLowerCase() === wanted));
  return theirs.toSorted((a, b) => rank(a) - rank(b));
}

function rank({ dialect, fingerprint }: Transcript): number {
  if (fingerprint.sizeBytes <= 1) return 2;
  return dialect === "claude-code" ? 0 : 1;
}

export function transcriptsOfId(sessionId: string, installation: Installation): Transcript[] {
  const own = installation.transcripts.filter((transcript) => transcript.sessionId === sessionId);
  const viaEntry = own
    .filter(({ dialect }) => dialect === "openclaw")
    .flatMap(({ entries }) => entries.flatMap(({ entry }) => transcriptsOfKey(entry.key, installation)));
  return [...own.filter(({ dialect }) => dialect === "claude-code"), ...viaEntry, ...own];
}

export async function transcriptsHolding(
  toolIds: readonly string[],
  { transcripts }: Installation,
): Promise<Transcript[]> {
  const holding: Transcript[] = [];
  for (const transcript of transcripts) {
    if (transcript.kind !== "file" || transcript.fingerprint.sizeBytes <= 1) continue;
    const file = await openTranscript(transcript.path, transcript.fingerprint).catch(() => undefined);
    if (!file) continue;
    try {
      if (await holdsAnyOf(file, transcript.fingerprint.sizeBytes, toolIds)) holding.push(transcript);
    } finally {
      await file.close();
    }
  }
  return holding;
}
