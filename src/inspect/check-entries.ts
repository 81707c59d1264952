import { randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import { sha256Of } from "../disk/sha256.ts";
import type { AgentRegistry, EntryReference, Installation, Transcript } from "../installation/installation.ts";
import { mapPath } from "../installation/paths.ts";
import { agentOfKey, foldersOfRegistry, sessionsFolderOf } from "../installation/session-folders.ts";
import { isObject } from "../registry/bindings.ts";
import { placesIn, valueWithoutCopies } from "../registry/places.ts";
import { describeEntry } from "../registry/read.ts";
import { readSessionKey, type SessionKind } from "../registry/session-key.ts";
import { sizesOf } from "./bloat.ts";
import { claudeSessionsOf } from "./claude-sessions.ts";
import { type FieldFault, faultsOf } from "./entry-faults.ts";
import type { Finding } from "./finding.ts";
import { idOfTranscript } from "./id-of-transcript.ts";
import { NEWBORN_MS } from "./in-use.ts";
import { namedFileOf } from "./named-file.ts";
import type { RegistryContext } from "./registry.ts";
import { hasHiddenPart } from "./surroundings.ts";
import { tokensOf } from "./token-limits.ts";

/**
 * What would put an entry right. `lost`: nothing leads to a transcript any more. `forget`: sessions of Claude Code that are not
 * there.
 */
type EntryChange =
  | { kind: "mend"; remove: string[]; set: Record<string, string>; forget?: string[] }
  | { kind: "lost" }
  | { kind: "clear-binding"; forget: string[] };

/** An entry, and what is wrong with it. `seen`: the SHA-256 of its text, to notice that somebody changed it since. */
export type CheckedEntry = {
  reference: EntryReference;
  seen: string;
  sessionKind: SessionKind;
  findings: Finding[];
  change?: EntryChange;
  /** what is not put right, because the entry would forget a file that is there: its path on this host */
  kept?: { finding: Finding; file: string };
  /** its value is an object, as it should be */
  isObject: boolean;
  transcript?: Transcript;
  /** who uses the session right now */
  inUse?: string;
};

/** Checks every entry of a registry, one at a time, and what they have in common. Those with nothing to tell are left out. */
export async function checkEntries(
  registry: AgentRegistry,
  installation: Installation,
  context: RegistryContext,
): Promise<CheckedEntry[]> {
  const { text, problem } = registry.registry;
  if (text === "" || problem) return []; // JSON5, where its gateway reads that: it is JSON again after its next write
  const checked: CheckedEntry[] = [];
  const transcripts = transcriptsByKey(registry, installation);
  const sessionsSeenBy = claudeSessionsOf(installation);
  const bloat = sizesOf();
  for (const place of placesIn(registry.registry)) {
    const { name: key, valueAt, valueEnd } = place;
    context.signal.throwIfAborted();
    const value = valueWithoutCopies(text, place);
    const entry = describeEntry(key, isObject(value) ? value : {});
    const agent = agentOfKey(registry, key);
    const reference: EntryReference = { agent, registryPath: registry.path, entry };
    const about = { path: registry.path, agent, sessionKey: key };
    const sessionKind = readSessionKey(key, { mainKey: mainKeyOf(installation), chatType: entry.chatType }).kind;
    const one: CheckedEntry = {
      reference,
      seen: "",
      sessionKind,
      findings: [],
      isObject: isObject(value),
    };
    if (!isObject(value)) {
      one.findings.push({
        kind: "corrupt-entry",
        severity: "warning",
        ...about,
        evidence: { problem: "it is no object" },
      });
      one.change = { kind: "lost" };
    } else {
      bloat.add(place);
      const own = transcripts.get(key) ?? [];
      if (own[0]) one.transcript = own[0];
      const claude = sessionsSeenBy(agent);
      await check(value, one, { about, own, claude, registry, installation, context });
    }
    if (one.findings.length > 0) checked.push({ ...one, seen: sha256Of(text.slice(valueAt, valueEnd)) });
  }
  const bloated = bloat.tell(registry, text.length);
  if (bloated && checked[0]) checked[0].findings.push(bloated);
  else if (bloated) checked.push(withoutChange(registry, bloated));
  return checked;
}

type Surroundings = {
  about: Pick<Finding, "path" | "agent" | "sessionKey">;
  own: Transcript[];
  claude: ReadonlySet<string> | undefined;
  registry: AgentRegistry;
  installation: Installation;
  context: RegistryContext;
};

async function check(
  value: Record<string, unknown>,
  one: CheckedEntry,
  { about, own, claude, registry, installation, context }: Surroundings,
): Promise<void> {
  const { findings, reference } = one;
  const { entry } = reference;
  const folders = foldersOfRegistry(registry);
  const sessions = sessionsFolderOf(registry, reference.agent);
  const toHere = (path: string) => mapPath(path, installation.settings.paths);
  const faults = faultsOf(value, { era: installation.openclaw?.era.era ?? "unknown", folders, toHere });
  const withId = { ...about, ...(entry.sessionId === undefined ? {} : { sessionId: entry.sessionId }) };
  const isPathFault = ({ field }: FieldFault) => field === "sessionFile";
  const named =
    own.length === 0 || faults.some(isPathFault) ? namedFileOf(reference, registry, installation) : undefined;
  for (const fault of faults) {
    const isKept = named !== undefined && isPathFault(fault);
    const finding = tellFault(fault, withId, isKept ? named : undefined);
    findings.push(finding);
    if (isKept) one.kept = { finding, file: named };
  }
  const mendable = faults.filter((fault) => named === undefined || !isPathFault(fault));
  const stale = entry.bindings.filter(
    ({ provider, sessionId }) => claude !== undefined && provider === "claude-cli" && !claude.has(sessionId),
  );
  const isBacked = entry.bindings.length > stale.length || isObject(value.acp);
  const isBorn = context.nowMs - (entry.updatedAt ?? 0) < NEWBORN_MS;
  const isHeldElsewhere = isBacked || named !== undefined;
  const isThere = own.length > 0 || isHeldElsewhere || isUnseen(sessions, registry, installation);
  const isLost = !isThere && !isBorn && !isFresh(value);
  // a conversation that Claude Code held is missing there, not here
  const isToldOfBinding = stale.length > 0;
  if (isLost && !isToldOfBinding && entry.sessionId !== undefined && !faults.some(({ field }) => field === "sessionId"))
    findings.push({
      kind: "missing-transcript",
      severity: "warning",
      ...withId,
      evidence: { expected: join(sessions, `${entry.sessionId}.jsonl`), sessionKind: one.sessionKind },
    });
  const writtenMs = registry.registry.fingerprint?.mtimeMs ?? context.nowMs;
  const stead = isHeldElsewhere ? { sessionId: randomUUID(), changedMs: writtenMs } : undefined;
  const mended = mendable.length > 0 ? await mendOf(mendable, own[0], stead) : undefined;
  if (isLost && faults.length === 0 && hasFileOfItsId(entry, sessions, installation))
    one.change = { kind: "mend", remove: ["sessionFile"], set: {} };
  else if (isLost || (mended === undefined && mendable.length > 0 && !isThere)) one.change = { kind: "lost" };
  else if (mended) one.change = mended;
  const forget = [...new Set(stale.map(({ sessionId }) => sessionId))];
  for (const sessionId of forget) {
    const evidence = { provider: "claude-cli", session: sessionId, isGone: true };
    findings.push({ kind: "stale-binding", severity: "warning", ...withId, evidence });
  }
  if (forget.length > 0 && one.change?.kind === "mend") one.change.forget = forget;
  else if (forget.length > 0) one.change ??= { kind: "clear-binding", forget };
  await weigh(value, one, withId, own, installation, context);
}

/** @param file that the field names, where it is there */
function tellFault({ field, problem, isNull }: FieldFault, about: Surroundings["about"], file?: string): Finding {
  return {
    kind: isNull ? "null-transcript-path" : "corrupt-entry",
    severity: "warning",
    ...about,
    evidence: { field, problem: `its ${field} ${problem}${file === undefined ? "" : `: the file is there, ${file}`}` },
  };
}

/**
 * Undefined where dropping the fields leaves nothing that leads to a transcript.
 *
 * @param stead what an entry says whose conversation is held in another place than the sessions folder
 */
async function mendOf(
  faults: readonly FieldFault[],
  transcript: Transcript | undefined,
  stead: { sessionId: string; changedMs: number } | undefined,
): Promise<EntryChange | undefined> {
  const fields = faults.map(({ field }) => field);
  const changedMs = transcript?.fingerprint.mtimeMs ?? stead?.changedMs;
  const set: Record<string, string> = {};
  if (fields.includes("sessionId")) {
    const sessionId = transcript ? await idOfTranscript(transcript) : stead?.sessionId;
    if (sessionId === undefined) return undefined;
    set.sessionId = JSON.stringify(sessionId);
  }
  if (fields.includes("updatedAt")) {
    if (changedMs === undefined) return undefined;
    set.updatedAt = String(Math.floor(changedMs));
  }
  return { kind: "mend", remove: fields.filter((field) => !(field in set)), set };
}

/** Size and tokens: told, and nothing is changed for them. */
async function weigh(
  value: Record<string, unknown>,
  { findings, reference }: CheckedEntry,
  about: Surroundings["about"],
  own: readonly Transcript[],
  installation: Installation,
  { settings }: RegistryContext,
): Promise<void> {
  const { transcriptWarn } = settings.registry;
  for (const { path, fingerprint, sessionId } of own) {
    if (fingerprint.sizeBytes <= transcriptWarn) continue;
    const evidence = { bytes: fingerprint.sizeBytes, limitBytes: transcriptWarn };
    findings.push({ kind: "large-transcript", severity: "info", ...about, path, sessionId, evidence });
  }
  const limits = { registry: settings.registry, mainKey: mainKeyOf(installation) };
  const held = await tokensOf(reference.entry.key, value, own[0], limits);
  if (!held || held.tokens < held.warning) return;
  const isCritical = held.tokens >= held.critical;
  findings.push({
    kind: isCritical ? "tokens-critical" : "tokens-warning",
    severity: isCritical ? "error" : "warning",
    ...about,
    evidence: held,
  });
}

/** An entry that a reset left: nothing was sent under its id yet, so there is no transcript. */
function isFresh(value: Record<string, unknown>): boolean {
  return value.systemSent === false && !("sessionFile" in value) && !("totalTokens" in value) && !("status" in value);
}

/** The path leads nowhere, but the session's id leads to a transcript that is nobody else's. */
function hasFileOfItsId(
  { sessionId, sessionFile }: EntryReference["entry"],
  sessions: string,
  { transcripts }: Installation,
): boolean {
  const path = join(sessions, `${sessionId}.jsonl`);
  return sessionFile !== undefined && transcripts.some((one) => one.path === path && one.entries.length === 0);
}

/**
 * In a folder that is not there, or can't be read, nothing is missing. Where the registry lies elsewhere, an empty one may be a
 * place where a disk is to be mounted.
 */
function isUnseen(sessions: string, { path: registryPath }: AgentRegistry, installation: Installation): boolean {
  if (hasHiddenPart(installation) || lookAt(sessions)?.kind !== "folder") return true;
  const holds = ({ path, dialect }: Transcript) => dialect === "openclaw" && path.startsWith(`${sessions}/`);
  return dirname(registryPath) !== sessions && !installation.transcripts.some(holds);
}

function transcriptsByKey({ path }: AgentRegistry, { transcripts }: Installation): Map<string, Transcript[]> {
  const byKey = new Map<string, Transcript[]>();
  for (const transcript of transcripts.filter(({ dialect }) => dialect === "openclaw")) {
    for (const { registryPath, entry } of transcript.entries) {
      if (registryPath === path) byKey.set(entry.key, [...(byKey.get(entry.key) ?? []), transcript]);
    }
  }
  return byKey;
}

function withoutChange({ agent, path }: AgentRegistry, finding: Finding): CheckedEntry {
  const entry = { key: "", bindings: [], pinned: false };
  return {
    reference: { agent, registryPath: path, entry },
    seen: "",
    sessionKind: "unknown",
    findings: [finding],
    isObject: true,
  };
}

function mainKeyOf({ openclaw }: Installation): string {
  return openclaw?.config.mainKey ?? "main";
}
