import type { Settings } from "../config/settings.ts";
import { describeError } from "../errors.ts";
import type { LogMatch } from "../gateway-log/read-logs.ts";
import { findGateway, type GatewayState } from "../installation/gateway.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { counted } from "../progress.ts";
import type { Cursor, Cursors } from "../state/cursors.ts";
import type { InstallationState } from "../state/state.ts";
import { unsafeBecause } from "../transcript/open.ts";
import type { Finding } from "./finding.ts";
import { condemningFindings, inspectGatewayLogs, wasMendedSince } from "./gateway-log.ts";
import { useProbe } from "./in-use.ts";
import { isSeen } from "./seen.ts";
import type { SharedLogs } from "./shared-logs.ts";
import { areForeign, hasUnreadablePart, installationFindings } from "./surroundings.ts";
import { type Ownership, whoseIs } from "./whose.ts";

/** A transcript with something wrong in it, and all that the decision about it depends on. */
export type Patient = {
  transcript: Transcript;
  ownership: Ownership;
  /** what a repair takes away, and with it what told of it */
  mendable: Finding[];
  /** why it must not be touched at all */
  unsafe?: string;
  /** who uses it right now */
  inUse?: string;
  /** milliseconds since it was last written to */
  quietForMs: number;
};

/** Everything that `detect-corruption` saw of one installation. */
export type CorruptionFacts = {
  findings: Finding[];
  patients: Patient[];
  /** asked for only when something is to be mended */
  gateway: GatewayState | null;
  foreignPids: boolean;
  hasBrokenRegistry: boolean;
  cursors: Cursors;
};

export type CorruptionContext = {
  settings: Settings;
  state: InstallationState;
  cursors: Cursors;
  nowMs: number;
  /** in words, why ages can't be trusted in this run */
  brake?: string | undefined;
  sharedLogs: SharedLogs;
  /** an error that a person pasted: only what it is about is looked at */
  errorText: string | null;
  /** something may be mended, so that it matters who uses what */
  isRepair: boolean;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
};

/** Looks at the structure of every transcript of an installation, and at what its gateway's logs say. */
export async function inspectForCorruption(
  installation: Installation,
  context: CorruptionContext,
): Promise<CorruptionFacts> {
  const facts: CorruptionFacts = {
    findings: installationFindings(installation),
    patients: [],
    gateway: null,
    foreignPids: false,
    hasBrokenRegistry: hasUnreadablePart(installation),
    cursors: {},
  };
  const pasted =
    context.errorText === null
      ? undefined
      : await (await import("./pasted.ts")).findPasted(installation, context.errorText, context);
  const logs = pasted ? undefined : await inspectGatewayLogs(installation, context.state, context);
  if (pasted) facts.findings.push(...pasted.findings);
  if (logs) facts.findings.push(...logs.findings);
  for (const transcript of counted("look-at-transcripts", installation.transcripts)) {
    context.signal.throwIfAborted();
    const { path, dialect, kind, fingerprint } = transcript;
    const known = context.cursors[path];
    if (pasted && !pasted.paths.has(path)) {
      if (known) facts.cursors[path] = known;
      continue;
    }
    const isMoved = dialect === "openclaw" && installation.openclaw?.era.era === "S";
    if (isMoved && installation.folders.length === 0) continue; // left over from before SQLite
    if (kind !== "file" && installation.folders.length > 0) {
      const message = unsafeBecause(path) ?? "it is no plain file";
      facts.findings.push({ kind: "unreadable", severity: "warning", path, evidence: { message } });
    }
    if (kind !== "file" || fingerprint.sizeBytes === 0) continue;
    const condemning = logs?.condemned.get(path)?.matches ?? [];
    if (isSeen(transcript, known) && isClean(known) && condemning.length === 0) {
      facts.cursors[path] = known;
      continue;
    }
    try {
      const { lookAtStructure, structureFindings } = await import("./structure.ts"); // not for what has not changed
      const seen = isSeen(transcript, known) ? known : await lookAtStructure(transcript, known, context);
      facts.cursors[path] = seen;
      const told = pasted?.findings.filter((finding) => finding.transcript === transcript) ?? [];
      const structure = structureFindings(transcript, seen);
      settleReports(structure, transcript, installation, context.settings);
      await describe(transcript, structure, condemning, told, facts, context);
    } catch (error) {
      context.signal.throwIfAborted();
      facts.findings.push({
        kind: "unreadable",
        severity: "warning",
        path,
        evidence: { message: describeError(error) },
      });
    }
  }
  await lookForUse(installation, facts, context);
  return facts;
}

/** A rejection that a row tells of stands there until the next reply; mended after it, it is only worth a word. */
function settleReports(
  findings: readonly Finding[],
  transcript: Transcript,
  installation: Installation,
  settings: Settings,
): void {
  for (const finding of findings) {
    const { witness, at } = finding.evidence;
    if (witness !== "transcript" || typeof at !== "string") continue;
    if (wasMendedSince(transcript, installation, settings, Date.parse(at))) finding.severity = "info";
  }
}

function isClean({ damages, reports }: Cursor): boolean {
  return damages.length === 0 && reports.length === 0;
}

async function describe(
  transcript: Transcript,
  structure: readonly Finding[],
  condemning: readonly LogMatch[],
  told: readonly Finding[],
  facts: CorruptionFacts,
  { nowMs }: CorruptionContext,
): Promise<void> {
  if (structure.length === 0 && condemning.length === 0) return;
  const ownership = await whoseIs(transcript);
  const logged = condemningFindings(transcript, condemning, ownership);
  facts.findings.push(...logged, ...structure);
  const isDamage = ({ evidence }: Finding) => evidence.repair !== undefined;
  if (!structure.some((finding) => isDamage(finding) && finding.evidence.repair !== "none")) return;
  const unsafe = unsafeBecause(transcript.path);
  facts.patients.push({
    transcript,
    ownership,
    mendable: [...told, ...logged, ...structure].filter(
      ({ severity, evidence }) => severity !== "info" && evidence.repair !== "none",
    ),
    ...(unsafe ? { unsafe } : {}),
    quietForMs: nowMs - transcript.fingerprint.mtimeMs,
  });
}

async function lookForUse(
  installation: Installation,
  facts: CorruptionFacts,
  context: CorruptionContext,
): Promise<void> {
  if (!context.isRepair || facts.patients.length === 0) return;
  facts.foreignPids = areForeign(installation);
  if (installation.openclaw) facts.gateway = await findGateway(installation.openclaw, facts.foreignPids);
  const probe = useProbe(installation, facts.gateway, facts.foreignPids, context);
  for (const patient of facts.patients) {
    const inUse = patient.unsafe ? undefined : probe(patient.transcript);
    if (inUse) patient.inUse = inUse;
  }
}
