import { basename, dirname } from "node:path";
import type { Settings } from "../config/settings.ts";
import { readBeside } from "../derive/beside.ts";
import { chooseKey } from "../derive/choose-key.ts";
import type { DerivedEntry, Facts } from "../derive/derive-entry.ts";
import { readEvidence } from "../derive/evidence.ts";
import type { KeySettings } from "../derive/key.ts";
import { nameOf } from "../derive/name.ts";
import { type Asked, askNeighbours, type Surroundings } from "../derive/neighbours.ts";
import { describeError } from "../errors.ts";
import type { AgentRegistry, Installation, Transcript } from "../installation/installation.ts";
import { unmapPath } from "../installation/paths.ts";
import { tracePlaces } from "../installation/trace.ts";
import { counted } from "../progress.ts";
import { openTranscript, unsafeBecause } from "../transcript/open.ts";
import { sessionIdIn } from "../transcript/session-id.ts";
import { lookAround } from "./around.ts";
import { type Finding, identify } from "./finding.ts";
import { NEWBORN_MS } from "./in-use.ts";
import { keySettingsOf } from "./key-settings.ts";
import { keysInLogs } from "./logged-keys.ts";
import { readRelations } from "./related-sessions.ts";
import { isBroken } from "./surroundings.ts";

/** A transcript of OpenClaw that no entry leads to. `facts`: all that tells which entry it should have. */
export type Orphan = {
  transcript: Transcript;
  registry: AgentRegistry;
  /** whose folder it lies in */
  agent: string;
  finding: Finding;
  isOld: boolean;
  facts?: Facts;
  /** the entry that it should have */
  derived?: DerivedEntry;
  unsafe?: string;
  /** who uses it right now */
  inUse?: string;
};

/** `isKnown`: every registry there is could be looked at. `unsettled`: those that are restored first, or written just now. */
type Context = {
  settings: Settings;
  nowMs: number;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
  isKnown: boolean;
  unsettled?: ReadonlySet<AgentRegistry>;
};

const REASON = "no entry led to this transcript";

/**
 * Looks for transcripts that are named nowhere in any registry: by id, by path, as a checkpoint, as an earlier session. While a
 * registry cannot be looked at, nothing counts as forgotten.
 */
export async function findOrphans(
  installation: Installation,
  mentioned: ReadonlySet<string>,
  context: Context,
): Promise<Orphan[]> {
  const { settings, nowMs, signal, isKnown, unsettled } = context;
  const places = placesOf(installation);
  const orphans: Orphan[] = [];
  const read = new Map<AgentRegistry, Read[]>();
  for (const transcript of counted("look-at-transcripts", installation.transcripts)) {
    signal.throwIfAborted();
    const { dialect, entries, fingerprint, path, sessionId } = transcript;
    const place = places.get(dirname(path));
    if (dialect !== "openclaw" || entries.length > 0 || !place || fingerprint.sizeBytes === 0) continue;
    const { registry, agent } = place;
    if (!isKnown || isBroken(registry.registry.problem) || unsettled?.has(registry)) continue;
    if (nowMs - fingerprint.mtimeMs < NEWBORN_MS) continue;
    if ([sessionId, sessionIdIn(sessionId), basename(path)].some((name) => mentioned.has(name))) continue;
    const isOld = nowMs - fingerprint.mtimeMs > settings.archive.inactiveFor;
    const finding: Finding = {
      kind: "unregistered-transcript",
      severity: isOld ? "info" : "warning",
      ...identify(transcript),
      agent,
      evidence: { bytes: fingerprint.sizeBytes, changedAt: new Date(fingerprint.mtimeMs).toISOString(), isOld },
    };
    const orphan: Orphan = { transcript, registry, agent, finding, isOld };
    orphans.push(orphan);
    const isMissing = registry.registry.problem === "missing";
    const unsafe = isMissing ? "its agent has no registry yet, which the gateway makes" : unsafeBecause(path);
    if (unsafe) orphan.unsafe = unsafe;
    if (unsafe || isOld) continue;
    const own = await readOrphan(orphan, installation);
    if (own) read.set(registry, [...(read.get(registry) ?? []), own]);
  }
  if (read.size > 0) await tellWhose(read, installation, context);
  return orphans;
}

/** Gathers for each session what tells which entry it should have. */
async function tellWhose(
  read: ReadonlyMap<AgentRegistry, readonly Read[]>,
  installation: Installation,
  context: Context,
): Promise<void> {
  const keySettings = await keySettingsOf(installation, context.env);
  const judge = (one: Read, around: Surroundings) => {
    one.orphan.facts = factsOf(one, around, keySettings, installation, context.nowMs);
  };
  const untold: { one: Read; around: Surroundings }[] = [];
  for (const [registry, all] of read) {
    const around = lookAround(registry, installation, new Set(all.flatMap(namesToAskFor)), context.settings);
    for (const one of all) {
      judge(one, around);
      if (!isTold(one)) untold.push({ one, around });
    }
  }
  if (untold.length === 0) return;
  // what takes longer to read is only read for those of which nothing else tells
  const logged = await keysInLogs(installation.logs, context);
  const starts = untold.map(({ one }) => one.asked.startedAt ?? 0);
  const relations = await readRelations(installation, Math.min(...starts), context.signal);
  for (const { one, around } of untold) {
    const spawns = [...(around.spawns ?? []), ...relations.spawns];
    judge(one, { ...around, logged, related: relations.keys, spawns });
  }
}

/** Which registry the transcripts of a folder belong in: of several, the one that the gateway is configured to use. */
function placesOf({ registries }: Installation): Map<string, { registry: AgentRegistry; agent: string }> {
  const places = new Map<string, { registry: AgentRegistry; agent: string }>();
  for (const registry of registries.toReversed()) places.set(registry.sessions, { registry, agent: registry.agent });
  for (const registry of registries)
    for (const { agent, sessions } of registry.shared ?? []) places.set(sessions, { registry, agent });
  return places;
}

/** The very key that it had is known, rather than what kind of key. */
function isTold({ orphan: { facts }, asked: { sessionId } }: Read): boolean {
  if (!facts) return true;
  const { right } = chooseKey({ ...facts, sessionId, shown: facts.evidence.shown ?? facts.archived?.shown }, new Set());
  const kind = facts.evidence.shown?.kind;
  return right.from !== "none" && (right.from !== "rows" || (kind !== "subagent" && kind !== "hook"));
}

/** What an orphan tells of itself. */
type Read = { orphan: Orphan; asked: Asked } & Pick<Facts, "evidence" | "archived"> &
  Pick<Awaited<ReturnType<typeof readBeside>>, "traced">;

/** The names by which an entry may be about this session, or about the one that it was forked from. */
function namesToAskFor({ asked: { sessionId, fileName, parentSession } }: Read): string[] {
  const parent = parentSession?.split(/[\\/]/).at(-1);
  return [sessionId, fileName, ...(parent === undefined ? [] : [parent, parent.replace(/\.jsonl$/, "")])];
}

/** Undefined where it cannot be read, and is left alone. */
async function readOrphan(orphan: Orphan, installation: Installation): Promise<Read | undefined> {
  const { path, fingerprint, sessionId } = orphan.transcript;
  try {
    const file = await openTranscript(path, fingerprint);
    const evidence = await readEvidence(file, fingerprint.sizeBytes).finally(() => file.close());
    const traces = tracePlaces(orphan.transcript, installation);
    const { traced, archived } = await readBeside(dirname(path), basename(path), traces);
    const { firstAt: startedAt, parentSession, ownKey, taskSha256 } = evidence;
    const asked = {
      // a copy that somebody made bears the header of another session
      sessionId: nameOf(basename(path), evidence.sessionId).sessionId ?? sessionIdIn(sessionId),
      fileName: basename(path),
      ...{ startedAt, parentSession, ownKey, taskSha256 },
    };
    return { orphan, asked, evidence, traced, archived };
  } catch (error) {
    orphan.unsafe = `it cannot be read (${describeError(error)})`;
    return undefined;
  }
}

function factsOf(
  { orphan: { transcript, agent }, asked, evidence, traced, archived }: Read,
  around: Surroundings,
  settings: KeySettings,
  installation: Installation,
  nowMs: number,
): Facts {
  const { path, fingerprint } = transcript;
  return {
    ...{ path, mtimeMs: fingerprint.mtimeMs, agentId: agent, evidence, archived, nowMs },
    neighbours: askNeighbours(asked, { ...around, traced }),
    settings,
    nameForGateway: (here) => unmapPath(here, installation.settings.paths),
    reason: REASON,
  };
}
