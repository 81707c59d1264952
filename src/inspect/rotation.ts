import { join } from "node:path";
import { readCatalog } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import { archivesBeyond } from "../archive/retention.ts";
import type { Settings } from "../config/settings.ts";
import { describeError } from "../errors.ts";
import type { LogMatch } from "../gateway-log/read-logs.ts";
import { registryLocking } from "../installation/era.ts";
import { findGateway, type GatewayState, isMountedElsewhere } from "../installation/gateway.ts";
import { type EntryReference, type Installation, lineageOf, type Transcript } from "../installation/installation.ts";
import type { RegistryProblem } from "../registry/read.ts";
import type { InstallationState, Underway } from "../state/state.ts";
import { BLANK_LIMIT_BYTES, hasNoRows } from "../transcript/contents.ts";
import { openTranscript, unsafeBecause } from "../transcript/open.ts";
import type { Finding } from "./finding.ts";
import { inspectGatewayLogs, type LogFacts, lineEvidence } from "./gateway-log.ts";
import { groupBy } from "./group.ts";
import { createUseProbe, type UseProbe } from "./in-use.ts";
import { type Ownership, whoseIs } from "./whose.ts";

/** A transcript that `rotate` has to decide about, with all that the decision depends on. */
export type Candidate = {
  transcript: Transcript;
  ownership: Ownership;
  findings: Finding[];
  isOversized: boolean;
  isCondemned: boolean;
  /** named by the person on the command line */
  isNamed: boolean;
  /** what an earlier run began with it and did not finish */
  begun?: Underway;
  /** why it must not be touched at all */
  unsafe?: string;
  /** who uses it right now */
  inUse?: string;
  /** archives of the same line that one more would put beyond the number to keep */
  prunable: string[];
  /** milliseconds since it was last written to */
  quietForMs: number;
};

/** A binding to a Claude Code session that holds no rows: resuming it fails, so the gateway must forget it. */
export type StaleBinding = { transcript: Transcript; entry: EntryReference; finding: Finding; inUse?: string };

/** Everything that `rotate` saw of one installation. */
export type RotationFacts = {
  findings: Finding[];
  candidates: Candidate[];
  staleBindings: StaleBinding[];
  /** asked for only when something depends on it */
  gateway: GatewayState | null;
  foreignPids: boolean;
  /** as long as a registry can't be read, an unbound session may be one that it binds */
  hasBrokenRegistry: boolean;
  logs: LogFacts;
};

export type InspectContext = {
  settings: Settings;
  state: InstallationState;
  nowMs: number;
  /** log sources that more than one installation reads */
  sharedLogs: ReadonlySet<string>;
  /** session ids named on the command line; empty: all */
  sessions: readonly string[];
  force: boolean;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
};

/** Looks for transcripts that are too large, that the log condemns, or that a person named; and for bindings to nothing. */
export async function inspectForRotation(installation: Installation, context: InspectContext): Promise<RotationFacts> {
  const logs = await inspectGatewayLogs(installation, context.state, context);
  const wanted = new Set(context.sessions);
  const isWanted = ({ sessionId }: Transcript) => wanted.size === 0 || wanted.has(sessionId);
  const facts: RotationFacts = {
    findings: [...logs.findings, ...installationFindings(installation)],
    candidates: [],
    staleBindings: [],
    gateway: null,
    foreignPids: false,
    hasBrokenRegistry: hasUnreadablePart(installation),
    logs,
  };
  const era = installation.openclaw?.era.era;
  for (const transcript of installation.transcripts.filter(isWanted)) {
    const condemned = logs.condemned.get(transcript.path);
    const isOversized =
      transcript.kind === "file" && transcript.fingerprint.sizeBytes > context.settings.rotate.maxSize;
    const isNamed = wanted.has(transcript.sessionId);
    if (transcript.dialect === "openclaw" && era === "S" && !isNamed) continue; // left over from before the move
    const isReplaced = transcript.kind !== "file" && transcript.entries.length > 0;
    const begun = context.state.underway.find((one) => isUnfinished(transcript, one));
    if (!isOversized && !condemned && !isReplaced && !isNamed && !begun) continue;
    const matches = condemned?.matches ?? [];
    const candidate = await describe(transcript, installation, { isOversized, isNamed, matches, context });
    facts.candidates.push({ ...candidate, ...(begun ? { begun } : {}) });
  }
  facts.staleBindings =
    wanted.size === 0 ? await findStaleBindings(installation, context.nowMs - context.settings.rotate.quietFor) : [];
  await lookForUse(installation, facts, context);
  facts.findings.push(
    ...facts.candidates.flatMap(({ findings }) => findings),
    ...facts.staleBindings.map(({ finding }) => finding),
  );
  return facts;
}

/** It is forgotten, and not yet emptied or removed. */
export function isUnfinished({ path, fingerprint, entries }: Transcript, begun: Underway): boolean {
  const isWhole = begun.inode === fingerprint.inode && fingerprint.sizeBytes >= begun.sizeBytes;
  return begun.path === path && isWhole && entries.length === 0;
}

async function describe(
  transcript: Transcript,
  installation: Installation,
  {
    isOversized,
    isNamed,
    matches,
    context,
  }: { isOversized: boolean; isNamed: boolean; matches: LogMatch[]; context: InspectContext },
): Promise<Candidate> {
  let unsafe =
    unsafeBecause(transcript.path) ?? (transcript.fingerprint.sizeBytes === 0 ? "it holds no rows" : undefined);
  let ownership: Ownership = transcript.entries.length > 0 ? "bot" : "personal";
  if (!unsafe) {
    try {
      const file = await openTranscript(transcript.path, transcript.fingerprint);
      await file.close();
      ownership = await whoseIs(transcript);
    } catch (error) {
      unsafe = `it cannot be read (${describeError(error)})`;
    }
  }
  const isBot = ownership === "bot";
  const about = identify(transcript);
  const findings: Finding[] = [];
  if (isOversized) {
    const evidence = { bytes: transcript.fingerprint.sizeBytes, limitBytes: context.settings.rotate.maxSize };
    findings.push({ kind: "oversized", severity: isBot ? "warning" : "info", ...about, evidence });
  }
  for (const group of groupBy(matches, ({ kind }) => kind).values()) {
    const [first] = group;
    if (!first) continue;
    const evidence = { signature: first.signature, log: first.source, ...lineEvidence(group), condemns: true };
    findings.push({
      kind: first.kind,
      severity: ownership === "personal" ? "info" : first.severity,
      ...about,
      evidence,
    });
  }
  return {
    transcript,
    ownership,
    findings,
    isOversized,
    isCondemned: matches.length > 0,
    isNamed,
    ...(unsafe ? { unsafe } : {}),
    prunable: prunableAfter(transcript, installation, context.settings),
    quietForMs: context.nowMs - transcript.fingerprint.mtimeMs,
  };
}

/** Archives that the next one of this session would push out. */
function prunableAfter(transcript: Transcript, installation: Installation, settings: Settings): string[] {
  const folder = archiveFolderOf(settings, installation, transcript.dialect);
  const beyond = archivesBeyond(readCatalog(folder), lineageOf(transcript), settings.rotate.keepArchives, 1);
  return beyond.map(({ archive }) => join(folder, archive));
}

/** Fills in who uses each candidate, and whether a gateway runs where that matters. */
async function lookForUse(installation: Installation, facts: RotationFacts, context: InspectContext): Promise<void> {
  if (facts.candidates.length === 0 && facts.staleBindings.length === 0) return;
  const { openclaw } = installation;
  facts.foreignPids = areForeign(installation);
  if (openclaw) facts.gateway = await findGateway(openclaw, facts.foreignPids);
  const probe = useProbe(installation, facts, context);
  for (const candidate of facts.candidates) {
    const inUse = candidate.unsafe ? undefined : probe(candidate.transcript);
    if (inUse) candidate.inUse = inUse;
  }
  for (const binding of facts.staleBindings) {
    const inUse = probe(binding.transcript);
    if (inUse) binding.inUse = inUse;
  }
}

function useProbe(
  installation: Installation,
  { gateway, foreignPids }: RotationFacts,
  { settings, nowMs }: InspectContext,
): UseProbe {
  const policy = { minAgeMs: settings.locks.minAge, unknownOwnerAgeMs: settings.locks.unknownOwnerAge, foreignPids };
  return createUseProbe(installation, gateway ?? { state: "down", because: "no gateway belongs here" }, policy, nowMs);
}

/** Bindings to Claude Code files that are there and hold nothing. A file made a moment ago is a session being born. */
async function findStaleBindings(
  { transcripts, openclaw }: Installation,
  quietSinceMs: number,
): Promise<StaleBinding[]> {
  const stale: StaleBinding[] = [];
  if (!openclaw || registryLocking(openclaw.era.era) === "never") return stale;
  for (const transcript of transcripts) {
    const { dialect, entries, kind, fingerprint } = transcript;
    if (dialect !== "claude-code" || entries.length === 0 || kind !== "file" || fingerprint.mtimeMs > quietSinceMs)
      continue;
    if (fingerprint.sizeBytes > BLANK_LIMIT_BYTES) continue; // without opening each of a healthy bot's transcripts
    const file = await openTranscript(transcript.path, fingerprint).catch(() => undefined);
    if (!file) continue;
    const isEmpty = await hasNoRows(file, fingerprint.sizeBytes);
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

function installationFindings({ openclaw, registries, unreadable }: Installation): Finding[] {
  const findings: Finding[] = unreadable.map(({ path, message }) => ({
    kind: "unreadable",
    severity: "warning",
    path,
    evidence: { message },
  }));
  for (const { path, agent, registry } of registries.filter(({ registry: { problem } }) => isBroken(problem))) {
    if (unreadable.some((one) => one.path === path)) continue;
    findings.push({ kind: "broken-registry", severity: "error", path, agent, evidence: { problem: registry.problem } });
  }
  if (openclaw?.era.era === "S")
    findings.push({
      kind: "sqlite-era",
      severity: "info",
      path: openclaw.home,
      evidence: { because: openclaw.era.because },
    });
  if (openclaw?.era.era === "unknown" && registries.length > 0)
    findings.push({
      kind: "unknown-era",
      severity: "warning",
      path: openclaw.home,
      evidence: { because: openclaw.era.because },
    });
  return findings;
}

/** A registry that holds no readable entries although there is one: what it binds can't be known. */
function isBroken(problem: RegistryProblem | undefined): boolean {
  return problem === "empty" || problem === "unparsable" || problem === "not-an-object";
}

function hasUnreadablePart({ openclaw, registries, unreadable }: Installation): boolean {
  const agents = openclaw && join(openclaw.home, "agents");
  return (
    registries.some(({ registry }) => isBroken(registry.problem)) ||
    (agents !== null && unreadable.some(({ path }) => path.startsWith(agents)))
  );
}

/** Container paths make every pid in this home a stranger's, and so does a process that has it mounted from elsewhere. */
function areForeign({ settings, openclaw }: Installation): boolean {
  if (settings.foreignPids !== "auto") return settings.foreignPids;
  return Object.keys(settings.paths).length > 0 || (openclaw !== null && isMountedElsewhere(openclaw.home));
}

function identify(
  transcript: Transcript,
  reference = transcript.entries[0],
): Pick<Finding, "transcript" | "path" | "sessionId" | "sessionKey" | "agent"> {
  const { path, sessionId } = transcript;
  return {
    transcript,
    path,
    sessionId,
    ...(reference ? { sessionKey: reference.entry.key, agent: reference.agent } : {}),
  };
}
