import type { Settings } from "../config/settings.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { counted } from "../progress.ts";
import type { Cursor, Cursors } from "../state/cursors.ts";
import { holdsNothing } from "../transcript/contents.ts";
import { openTranscript } from "../transcript/open.ts";
import type { Finding } from "./finding.ts";
import { isSeen } from "./seen.ts";
import { whoseIs } from "./whose.ts";

/**
 * Damage in the transcripts of bots that a repair takes away, by path; and what the next run need not look at again. `blank`:
 * transcripts of Claude Code that hold nothing but NULs, in which there is nothing to mend.
 */
export type BotDamage = { mendable: Map<string, Finding[]>; blank: Set<string>; cursors: Cursors };

/**
 * Looks at the structure of every transcript that a bot goes on with. One that has not changed since it was found whole
 * costs nothing, and what looks at the others is loaded only when there is one.
 *
 * @param isLeftOut transcripts that will be replaced as a whole in any case
 */
export async function findBotDamage(
  { transcripts, openclaw }: Installation,
  known: Cursors,
  isLeftOut: (transcript: Transcript) => boolean,
  context: { settings: Settings; signal: AbortSignal },
): Promise<BotDamage> {
  const damage: BotDamage = { mendable: new Map(), blank: new Set(), cursors: {} };
  for (const transcript of counted("look-at-transcripts", transcripts)) {
    const { path, dialect, kind, entries, inWorkspace, fingerprint } = transcript;
    const cursor = known[path];
    if (isSeen(transcript, cursor) && !cursor.damages.some(({ place }) => place === "live")) {
      damage.cursors[path] = cursor;
      continue;
    }
    const mayBeBots = entries.length > 0 || (dialect === "claude-code" && inWorkspace);
    if (kind !== "file" || fingerprint.sizeBytes <= 1 || !mayBeBots || isLeftOut(transcript)) continue;
    if (dialect === "openclaw" && openclaw?.era.era === "S") continue;
    context.signal.throwIfAborted();
    const seen = await look(transcript, cursor, context).catch(() => undefined); // what can't be read is told elsewhere
    if (!seen) continue;
    damage.cursors[path] = seen.cursor;
    if (seen.mendable.length === 0) continue;
    if (seen.isBlank) damage.blank.add(path);
    else damage.mendable.set(path, seen.mendable);
  }
  return damage;
}

async function look(
  transcript: Transcript,
  known: Cursor | undefined,
  { settings, signal }: { settings: Settings; signal: AbortSignal },
): Promise<{ cursor: Cursor; mendable: Finding[]; isBlank: boolean } | undefined> {
  if ((await whoseIs(transcript)) !== "bot") return undefined;
  const { lookAtStructure, structureFindings } = await import("./structure.ts");
  const cursor = isSeen(transcript, known) ? known : await lookAtStructure(transcript, known, { settings, signal });
  const mendable = structureFindings(transcript, cursor).filter(
    ({ kind, severity, evidence }) => severity !== "info" && kind !== "rejection-logged" && evidence.repair !== "none",
  );
  const mayBeBlank = transcript.dialect === "claude-code" && mendable.some(({ kind }) => kind === "nul-run");
  return { cursor, mendable, isBlank: mayBeBlank && (await isBlank(transcript)) };
}

async function isBlank({ path, fingerprint }: Transcript): Promise<boolean> {
  const file = await openTranscript(path, fingerprint);
  try {
    return await holdsNothing(file, fingerprint.sizeBytes);
  } finally {
    await file.close();
  }
}
