import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ArchivePurpose, recordsOf, recordsOfLineage } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import { archivesBeyond } from "../archive/retention.ts";
import type { Settings } from "../config/settings.ts";
import { describeError } from "../errors.ts";
import type { LogMatch } from "../gateway-log/read-logs.ts";
import { findGateway, type GatewayState } from "../installation/gateway.ts";
import { type Installation, lineageOf, type Transcript } from "../installation/installation.ts";
import type { Cursors } from "../state/cursors.ts";
import type { InstallationState, Underway, Unmendable } from "../state/state.ts";
import { type Cut, type CutRefusal, freesEnough } from "../structure/cut.ts";
import { openTranscript, unsafeBecause } from "../transcript/open.ts";
import { isSameAs, isUnfinished } from "./begun.ts";
import { findBotDamage } from "./bot-damage.ts";
import type { Finding } from "./finding.ts";
import { condemningFindings, inspectGatewayLogs, type LogFacts } from "./gateway-log.ts";
import { useProbe } from "./in-use.ts";
import type { SharedLogs } from "./shared-logs.ts";
import { cutFor, isTooLarge, mayDigest, oversizedFinding } from "./shortening.ts";
import { findStaleBindings, type StaleBinding } from "./stale-bindings.ts";
import { areForeign, hasUnreadablePart, installationFindings } from "./surroundings.ts";
import { type Ownership, whoseIs } from "./whose.ts";

/** A transcript that `rotate` has to decide about, with all that the decision depends on. */
export type Candidate = {
  transcript: Transcript;
  ownership: Ownership;
  findings: Finding[];
  isOversized: boolean;
  isCondemned: boolean;
  /** damage in its structure that a repair takes away; of one that is too large: where it cannot be cut so that it helps */
  mendable: Finding[];
  /** what is broken in it could not be mended by an earlier run, and it has not changed since */
  isUnmendable?: true;
  /** condemned, with nothing in it that is left to mend: it can be taken back to the last state that was accepted */
  canRewind: boolean;
  /** how it could be cut, or what stands against that; looked up only where it matters */
  cut?: Cut | CutRefusal;
  /** a short form can be left from which its program goes on; looked up only where it matters */
  canDigest: boolean;
  /** named by the person on the command line */
  isNamed: boolean;
  /** what an earlier run began with it and did not finish */
  begun?: Underway;
  /** why it must not be touched at all */
  unsafe?: string;
  /** who uses it right now */
  inUse?: string;
  /** the same without the programs that a restart of the gateway ends: looked up of condemned sessions only */
  inUseAfterRestart?: string;
  /** archives of the same line that one more would put beyond the number to keep */
  prunable: Record<"byCut" | "byRepair" | "otherwise", string[]>;
  /** milliseconds since it was last written to */
  quietForMs: number;
};

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
  cursors: Cursors;
};

export type InspectContext = {
  settings: Settings;
  state: InstallationState;
  cursors: Cursors;
  nowMs: number;
  /** in words, why ages can't be trusted in this run */
  brake?: string | undefined;
  /** log sources that more than one installation reads */
  sharedLogs: SharedLogs;
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
    cursors: {},
  };
  const era = installation.openclaw?.era.era;
  const tooLarge = new Set<Transcript>();
  for (const transcript of installation.transcripts)
    if (await isTooLarge(transcript, installation, context.settings)) tooLarge.add(transcript);
  const isLeftOut = (transcript: Transcript) =>
    !isWanted(transcript) || (tooLarge.has(transcript) && !logs.condemned.has(transcript.path));
  const damage = await findBotDamage(installation, context.cursors, isLeftOut, context);
  for (const transcript of installation.transcripts.filter(isWanted)) {
    const condemned = logs.condemned.get(transcript.path);
    const broken = damage.mendable.get(transcript.path) ?? [];
    const isOversized = tooLarge.has(transcript);
    const isNamed = wanted.has(transcript.sessionId);
    if (transcript.dialect === "openclaw" && era === "S" && !isNamed) continue; // left over from before the move
    const isReplaced = transcript.kind !== "file" && transcript.entries.length > 0;
    const begun = context.state.underway.find((one) => isUnfinished(transcript, one));
    if (!isOversized && !condemned && !isReplaced && !isNamed && !begun && broken.length === 0) continue;
    const matches = condemned?.matches ?? [];
    const candidate = await describe(transcript, installation, { isOversized, isNamed, matches, broken, context });
    facts.candidates.push({ ...candidate, ...(begun ? { begun } : {}) });
  }
  Object.assign(damage.cursors, await lookIntoUncut(installation, facts.candidates, context));
  const paths = new Set(installation.transcripts.map(({ path }) => path));
  facts.cursors = Object.fromEntries(
    Object.entries({ ...context.cursors, ...damage.cursors }).filter(([path]) => paths.has(path)),
  );
  facts.staleBindings =
    wanted.size === 0
      ? await findStaleBindings(installation, context.nowMs - context.settings.rotate.quietFor, damage.blank)
      : [];
  await lookForUse(installation, facts, context);
  facts.findings.push(
    ...facts.candidates.flatMap(({ findings }) => findings),
    ...facts.staleBindings.map(({ finding }) => finding),
  );
  return facts;
}

/**
 * What is too large and cannot be cut, or not so that it helps, may be so for damage; and what stays, or would be given up, is
 * mended first. What can be cut is not looked into: its damage may go with that, and what is left is found the next time.
 */
async function lookIntoUncut(
  installation: Installation,
  candidates: readonly Candidate[],
  context: InspectContext,
): Promise<Cursors> {
  const uncut = candidates.filter(
    ({ isOversized, isCondemned, unsafe, cut, transcript: { fingerprint } }) =>
      isOversized && !isCondemned && !unsafe && cut && ("refused" in cut || !freesEnough(cut, fingerprint.sizeBytes)),
  );
  if (uncut.length === 0) return {};
  const transcripts = uncut.map(({ transcript }) => transcript);
  const { mendable, cursors } = await findBotDamage(
    { ...installation, transcripts },
    context.cursors,
    () => false,
    context,
  );
  for (const candidate of uncut) {
    const broken = mendable.get(candidate.transcript.path) ?? [];
    candidate.findings.push(...broken);
    candidate.mendable = candidate.isUnmendable ? [] : broken;
  }
  return cursors;
}

function triedOn(transcript: Transcript, { state }: InspectContext): Unmendable | undefined {
  return state.unmendable.find((one) => isSameAs(transcript, one));
}

async function describe(
  transcript: Transcript,
  installation: Installation,
  {
    isOversized,
    isNamed,
    matches,
    broken,
    context,
  }: { isOversized: boolean; isNamed: boolean; matches: LogMatch[]; broken: Finding[]; context: InspectContext },
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
  const findings: Finding[] = [];
  const cut = unsafe ? undefined : await cutFor(transcript, installation, { ownership, isOversized, isNamed }, context);
  if (isOversized)
    findings.push(oversizedFinding(transcript, ownership, cut, { installation, settings: context.settings }));
  findings.push(...condemningFindings(transcript, matches, ownership), ...broken);
  const tried = triedOn(transcript, context);
  const mendable = tried ? [] : broken;
  return {
    transcript,
    ownership,
    findings,
    isOversized,
    isCondemned: matches.length > 0,
    mendable,
    ...(tried ? { isUnmendable: true } : {}),
    canRewind:
      matches.length > 0 &&
      mendable.length === 0 &&
      !tried?.rewind &&
      !unsafe &&
      isBot &&
      (await canRewind(transcript, installation, context)),
    isNamed,
    ...(cut ? { cut } : {}),
    canDigest: !unsafe && (await mayDigest(transcript, cut, matches.length > 0, context)),
    ...(unsafe ? { unsafe } : {}),
    prunable: {
      byCut: prunableAfter(transcript, installation, context.settings, "cut"),
      byRepair: prunableAfter(transcript, installation, context.settings, "repair"),
      otherwise: prunableAfter(transcript, installation, context.settings, "empty"),
    },
    quietForMs: context.nowMs - transcript.fingerprint.mtimeMs,
  };
}

/** True when there is an accepted state to go back to, unless that was done before for a rejection and no reply has come since. */
async function canRewind(
  transcript: Transcript,
  installation: Installation,
  { settings, signal }: InspectContext,
): Promise<boolean> {
  const folder = archiveFolderOf(settings, installation, transcript);
  const rewound = recordsOf(folder, transcript.path).findLast(
    ({ reason, command, inode }) =>
      reason === "corrupt" && command === "rotate" && inode !== transcript.fingerprint.inode,
  );
  const { lookForRewind } = await import("./structure.ts");
  return lookForRewind(transcript, rewound ? Date.parse(rewound.at) : undefined, signal);
}

/** Archives that the next one of this session would push out. */
function prunableAfter(
  transcript: Transcript,
  installation: Installation,
  settings: Settings,
  next: ArchivePurpose,
): string[] {
  const folder = archiveFolderOf(settings, installation, transcript);
  const lineage = lineageOf(transcript);
  const beyond = archivesBeyond(recordsOfLineage(folder, lineage), lineage, settings.rotate.keepArchives, {
    next,
    isLive: existsSync,
  });
  return beyond.map(({ archive }) => join(folder, archive));
}

/** Fills in who uses each candidate, and whether a gateway runs where that matters. */
async function lookForUse(installation: Installation, facts: RotationFacts, context: InspectContext): Promise<void> {
  if (facts.candidates.length === 0 && facts.staleBindings.length === 0) return;
  const { openclaw } = installation;
  facts.foreignPids = areForeign(installation);
  if (openclaw) facts.gateway = await findGateway(openclaw, facts.foreignPids);
  const probe = useProbe(installation, facts.gateway, facts.foreignPids, context);
  for (const candidate of facts.candidates) {
    const inUse = candidate.unsafe ? undefined : probe(candidate.transcript);
    if (!inUse) continue;
    candidate.inUse = inUse;
    const stillInUse = candidate.isCondemned ? probe(candidate.transcript, true) : undefined;
    if (stillInUse) candidate.inUseAfterRestart = stillInUse;
  }
  for (const binding of facts.staleBindings) {
    const inUse = probe(binding.transcript);
    if (inUse) binding.inUse = inUse;
  }
}
