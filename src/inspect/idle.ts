import { dirname } from "node:path";
import type { Settings } from "../config/settings.ts";
import type { Row } from "../dialects/dialect.ts";
import { dialects } from "../dialects/index.ts";
import { describeError } from "../errors.ts";
import type { EntryReference, Installation, Transcript } from "../installation/installation.ts";
import { counted } from "../progress.ts";
import { hasNoRows, parseRow } from "../transcript/contents.ts";
import { linesAtEnds } from "../transcript/lines.ts";
import { openTranscript, unsafeBecause } from "../transcript/open.ts";
import { copyOf } from "./copied.ts";
import { type Finding, identify } from "./finding.ts";
import { groupBy } from "./group.ts";
import { type Ownership, whoseIs } from "./whose.ts";

/**
 * A conversation in which nothing has happened for long: its transcripts (of one registry entry there may be one of each
 * program), and the entries that lead to them.
 */
export type IdleSession = {
  transcripts: [Transcript, ...Transcript[]];
  entries: EntryReference[];
  ownership: Ownership;
  /** of each transcript, in their order */
  findings: Finding[];
  isPinned: boolean;
  /** no entry leads to it, and yet a registry names it somewhere; or one of another installation does */
  isReferenced: boolean;
  /** why it must not be touched at all */
  unsafe?: string;
  /** who uses it right now */
  inUse?: string;
};

type Context = { settings: Settings; nowMs: number; signal: AbortSignal };

/**
 * Looks for conversations that have been idle for longer than `archive.inactiveFor`, by all that tells: the last dated row,
 * the time of change, and when each registry entry was last updated. Personal sessions only where their owner says that they
 * are to be treated like the bot's.
 */
export async function findIdle(
  installation: Installation,
  { isReferenced, isOthers }: Record<"isReferenced" | "isOthers", (transcript: Transcript) => boolean>,
  { settings, nowMs, signal }: Context,
): Promise<IdleSession[]> {
  const before = nowMs - settings.archive.inactiveFor;
  const idle: IdleSession[] = [];
  for (const conversation of counted("look-at-transcripts", conversationsOf(installation.transcripts))) {
    signal.throwIfAborted();
    if (conversation.some((transcript) => lastTouchOf(transcript) >= before)) continue;
    const session = await describe(conversation, installation, before, settings, nowMs);
    if (!session) continue;
    // a killed run that had given the entry a fresh start left its transcript in the list of that entry's former ones
    const isNeeded = (transcript: Transcript) =>
      isReferenced(transcript) && !wasToGo(transcript, installation, settings);
    idle.push({
      ...session,
      isReferenced: conversation.some(isOthers) || (session.entries.length === 0 && conversation.some(isNeeded)),
    });
  }
  return idle;
}

/** Transcripts that one entry leads to belong together: a bot's own, and the one of Claude Code that answers for it. */
function conversationsOf(transcripts: readonly Transcript[]): [Transcript, ...Transcript[]][] {
  const keyOf = (transcript: Transcript) => {
    const reference = transcript.entries[0];
    return reference ? `${reference.registryPath} ${reference.entry.key}` : transcript.path;
  };
  return [...groupBy(transcripts, keyOf).values()] as [Transcript, ...Transcript[]][];
}

/** Without opening it. */
function lastTouchOf({ fingerprint, entries }: Transcript): number {
  return Math.max(fingerprint.mtimeMs, ...entries.map(({ entry }) => entry.updatedAt ?? 0));
}

async function describe(
  conversation: readonly Transcript[],
  installation: Installation,
  beforeMs: number,
  settings: Settings,
  nowMs: number,
): Promise<Omit<IdleSession, "isReferenced"> | undefined> {
  const entries = uniqueEntries(conversation);
  const transcripts: Transcript[] = [];
  const findings: Finding[] = [];
  let ownership: Ownership = entries.length > 0 ? "bot" : "personal";
  let unsafe: string | undefined;
  for (const transcript of conversation) {
    let because = unsafeBecause(transcript.path);
    let lastAtMs: number | undefined;
    try {
      if (!because) {
        const rows = await lastRows(transcript);
        if (rows.areNone) continue;
        lastAtMs = rows.lastAtMs;
        if (!isSession(transcript, rows.firstRow, installation)) because = "nothing tells that it is a session";
        if (entries.length === 0) ownership = await whoseIs(transcript);
      }
    } catch (error) {
      because = `it cannot be read (${describeError(error)})`;
    }
    if ((lastAtMs ?? 0) >= beforeMs || isLeftToItsOwner(ownership, transcript, installation, settings))
      return undefined;
    unsafe ??= because;
    transcripts.push(transcript);
    findings.push(tell(transcript, ownership, lastAtMs, nowMs, settings));
  }
  const [first, ...others] = transcripts;
  if (!first) return undefined; // nothing to keep
  const isPinned = entries.some(({ entry }) => entry.pinned);
  return { transcripts: [first, ...others], entries, ownership, findings, isPinned, ...(unsafe ? { unsafe } : {}) };
}

/** A personal session that an earlier run of this command archived to remove it was a bot's when that run began with it. */
function isLeftToItsOwner(
  ownership: Ownership,
  transcript: Transcript,
  installation: Installation,
  settings: Settings,
): boolean {
  if (ownership !== "personal" || installation.settings.claude?.personalSessions === "all") return false;
  return !wasToGo(transcript, installation, settings);
}

/** An earlier run of this command archived it to remove it, and nothing was written to it since. */
function wasToGo(transcript: Transcript, installation: Installation, settings: Settings): boolean {
  const copy = copyOf(transcript, installation, settings);
  return copy?.command === "archive" && copy.purpose === "remove";
}

function tell(
  transcript: Transcript,
  ownership: Ownership,
  lastAtMs: number | undefined,
  nowMs: number,
  { archive }: Settings,
): Finding {
  const { fingerprint, entries } = transcript;
  const lastMs = Math.max(lastTouchOf(transcript), lastAtMs ?? 0);
  return {
    kind: "idle-session",
    severity: "info",
    ...identify(transcript),
    evidence: {
      idleMs: Math.round(nowMs - lastMs),
      limitMs: archive.inactiveFor,
      bytes: fingerprint.sizeBytes,
      changedAt: new Date(fingerprint.mtimeMs).toISOString(),
      ...(lastAtMs === undefined ? {} : { lastRowAt: new Date(lastAtMs).toISOString() }),
      ...updatedAtOf(entries),
      isRegistered: ownership !== "unregistered",
    },
  };
}

function updatedAtOf(entries: readonly EntryReference[]): { updatedAt?: string } {
  const latest = Math.max(0, ...entries.map(({ entry }) => entry.updatedAt ?? 0));
  return latest > 0 && latest < 8.64e15 ? { updatedAt: new Date(latest).toISOString() } : {};
}

/** When the latest of the last rows was written (epoch ms). `areNone`: it was emptied, and only its name is kept. */
async function lastRows(
  transcript: Transcript,
): Promise<{ areNone: boolean; lastAtMs?: number; firstRow?: Row | undefined }> {
  const { writtenAt } = dialects[transcript.dialect];
  const { sizeBytes } = transcript.fingerprint;
  const file = await openTranscript(transcript.path, transcript.fingerprint);
  try {
    if (await hasNoRows(file, sizeBytes)) return { areNone: true };
    const rows = (await linesAtEnds(file, sizeBytes)).map(parseRow);
    const times = rows.flatMap((row) => (row ? (writtenAt(row) ?? []) : []));
    return { areNone: false, firstRow: rows[0], ...(times.length > 0 ? { lastAtMs: Math.max(...times) } : {}) };
  } finally {
    await file.close();
  }
}

/**
 * What no entry leads to has only its name and its place to show for a session of OpenClaw: its header has to agree, and it has
 * to lie in a folder of sessions.
 */
function isSession(
  { dialect, entries, path, sessionId }: Transcript,
  firstRow: Row | undefined,
  { registries }: Installation,
): boolean {
  if (dialect !== "openclaw" || entries.length > 0) return true;
  const isInPlace = registries.some(({ sessions }) => sessions === dirname(path)) && IN_HOME.test(path);
  const id = firstRow?.type === "session" ? firstRow.id : undefined;
  return isInPlace && typeof id === "string" && id !== "" && sessionId.includes(id);
}

const IN_HOME = /\/agents\/[^/]+\/sessions\/[^/]+$/;

function uniqueEntries(transcripts: readonly Transcript[]): EntryReference[] {
  const byKey = new Map(
    transcripts
      .flatMap(({ entries }) => entries)
      .map((reference) => [`${reference.registryPath} ${reference.entry.key}`, reference]),
  );
  return [...byKey.values()];
}
