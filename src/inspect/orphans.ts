import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { readBeside } from "../derive/beside.ts";
import type { DerivedEntry, Facts } from "../derive/derive-entry.ts";
import { readEvidence } from "../derive/evidence.ts";
import { sessionKeysIn } from "../derive/key-lines.ts";
import { type Asked, askNeighbours, type KnownEntry } from "../derive/neighbours.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { describeError } from "../errors.ts";
import type { AgentRegistry, Installation, Transcript } from "../installation/installation.ts";
import { unmapPath } from "../installation/paths.ts";
import { counted } from "../progress.ts";
import { placesIn } from "../registry/places.ts";
import { describeEntry } from "../registry/read.ts";
import { readSources } from "../registry/sources.ts";
import { openTranscript, unsafeBecause } from "../transcript/open.ts";
import { sessionIdIn } from "../transcript/session-id.ts";
import { type Finding, identify } from "./finding.ts";
import { NEWBORN_MS } from "./in-use.ts";
import { keySettingsOf } from "./key-settings.ts";
import { isBroken } from "./surroundings.ts";

/** A transcript of OpenClaw that no entry leads to. `facts`: all that tells which entry it should have. */
export type Orphan = {
  transcript: Transcript;
  registry: AgentRegistry;
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
  { settings, nowMs, signal, isKnown, unsettled }: Context,
): Promise<Orphan[]> {
  // of several for one folder, the first is the one that the gateway is configured to use
  const registries = new Map(installation.registries.toReversed().map((registry) => [registry.sessions, registry]));
  const orphans: Orphan[] = [];
  const read = new Map<AgentRegistry, Read[]>();
  for (const transcript of counted("look-at-transcripts", installation.transcripts)) {
    signal.throwIfAborted();
    const { dialect, entries, fingerprint, path, sessionId } = transcript;
    const registry = registries.get(dirname(path));
    if (dialect !== "openclaw" || entries.length > 0 || !registry || fingerprint.sizeBytes === 0) continue;
    if (!isKnown || isBroken(registry.registry.problem) || unsettled?.has(registry)) continue;
    if (nowMs - fingerprint.mtimeMs < NEWBORN_MS) continue;
    if ([sessionId, sessionIdIn(sessionId), basename(path)].some((name) => mentioned.has(name))) continue;
    const isOld = nowMs - fingerprint.mtimeMs > settings.archive.inactiveFor;
    const finding: Finding = {
      kind: "unregistered-transcript",
      severity: isOld ? "info" : "warning",
      ...identify(transcript),
      agent: registry.agent,
      evidence: { bytes: fingerprint.sizeBytes, changedAt: new Date(fingerprint.mtimeMs).toISOString(), isOld },
    };
    const orphan: Orphan = { transcript, registry, finding, isOld };
    orphans.push(orphan);
    const isMissing = registry.registry.problem === "missing";
    const unsafe = isMissing ? "its agent has no registry yet, which the gateway makes" : unsafeBecause(path);
    if (unsafe) orphan.unsafe = unsafe;
    if (unsafe || isOld) continue;
    const own = await readOrphan(orphan);
    if (own) read.set(registry, [...(read.get(registry) ?? []), own]);
  }
  for (const [registry, all] of read) {
    const around = lookAround(registry, installation, new Set(all.flatMap(namesToAskFor)));
    for (const one of all) one.orphan.facts = factsOf(one, around, installation, nowMs);
  }
  return orphans;
}

type Around = { entries: KnownEntry[]; backups: KnownEntry[]; cronRuns: Map<string, string>; subagentRuns?: string };

/** What an orphan tells of itself. */
type Read = { orphan: Orphan; asked: Asked } & Pick<Facts, "evidence" | "archived"> &
  Pick<Awaited<ReturnType<typeof readBeside>>, "traced">;

/** The names by which an entry may be about this session, or about the one that it was forked from. */
function namesToAskFor({ asked: { sessionId, fileName, parentSession } }: Read): string[] {
  const parent = parentSession?.split(/[\\/]/).at(-1);
  return [sessionId, fileName, ...(parent === undefined ? [] : [parent, parent.replace(/\.jsonl$/, "")])];
}

/** What tells of an agent's sessions besides their transcripts: read once for all of them. */
function lookAround(registry: AgentRegistry, { openclaw }: Installation, names: ReadonlySet<string>): Around {
  const backups = readSources(registry.path, names).sources.flatMap(({ salvage }) =>
    salvage.entries.map(({ key, text }) => known(key, text)),
  );
  const runs = openclaw ? join(openclaw.home, "cron", "runs") : "";
  const lines = namesIn(runs).flatMap((name) => (textOf(join(runs, name)) ?? "").split("\n"));
  const subagentRuns = openclaw ? textOf(join(openclaw.home, "subagents", "runs.json")) : undefined;
  const { text } = registry.registry;
  const ids = new Map(registry.registry.entries.map(({ key, sessionId }) => [key, sessionId]));
  const entries =
    text === "" || registry.registry.problem
      ? []
      : placesIn(registry.registry).map(({ name: key, valueAt, valueEnd }): KnownEntry => {
          const sessionId = ids.get(key);
          return { key, text: text.slice(valueAt, valueEnd), ...(sessionId === undefined ? {} : { sessionId }) };
        });
  return { entries, backups, cronRuns: sessionKeysIn(lines), ...(subagentRuns === undefined ? {} : { subagentRuns }) };
}

function known(key: string, text: string): KnownEntry {
  try {
    const { sessionId } = describeEntry(key, JSON.parse(text) ?? {});
    return { key, text, ...(sessionId === undefined ? {} : { sessionId }) };
  } catch {
    return { key, text };
  }
}

/** Undefined where it cannot be read, and is left alone. */
async function readOrphan(orphan: Orphan): Promise<Read | undefined> {
  const { path, fingerprint, sessionId } = orphan.transcript;
  try {
    const file = await openTranscript(path, fingerprint);
    const evidence = await readEvidence(file, fingerprint.sizeBytes).finally(() => file.close());
    const { traced, archived } = await readBeside(dirname(path), basename(path));
    const asked = {
      sessionId: evidence.sessionId ?? sessionIdIn(sessionId),
      fileName: basename(path),
      startedAt: evidence.firstAt,
      parentSession: evidence.parentSession,
    };
    return { orphan, asked, evidence, traced, archived };
  } catch (error) {
    orphan.unsafe = `it cannot be read (${describeError(error)})`;
    return undefined;
  }
}

function factsOf(
  { orphan: { transcript, registry }, asked, evidence, traced, archived }: Read,
  around: Around,
  installation: Installation,
  nowMs: number,
): Facts {
  const { path, fingerprint } = transcript;
  return {
    ...{ path, mtimeMs: fingerprint.mtimeMs, agentId: registry.agent, evidence, archived, nowMs },
    neighbours: askNeighbours(asked, { ...around, traced }),
    settings: keySettingsOf(installation),
    nameForGateway: (here) => unmapPath(here, installation.settings.paths),
    reason: REASON,
  };
}

/** Records of runs are small; what is no plain file is none. */
const MOST_BYTES = 32 * 1024 * 1024;

function textOf(path: string): string | undefined {
  try {
    const seen = lookAt(path);
    return seen?.kind === "file" && seen.fingerprint.sizeBytes < MOST_BYTES ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
