import { recordsOf } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import type { Settings } from "../config/settings.ts";
import { dialects } from "../dialects/index.ts";
import { type LogMatch, type LogPositions, readLogs } from "../gateway-log/read-logs.ts";
import { customSignature } from "../gateway-log/signatures.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import type { InstallationState } from "../state/state.ts";
import { hasNoRows, hasReplySince, holdsNothing } from "../transcript/contents.ts";
import { openTranscript } from "../transcript/open.ts";
import { type Attribution, attribute } from "./attribute.ts";
import { type Finding, identify } from "./finding.ts";
import { groupBy } from "./group.ts";
import { otherReaders, type SharedLogs } from "./shared-logs.ts";
import { hasLostRegistry, hasUnreadablePart } from "./surroundings.ts";
import type { Ownership } from "./whose.ts";

/** What the gateway's logs say, and what has to be remembered of them. */
export type LogFacts = {
  findings: Finding[];
  /** The sessions that log lines condemn, by transcript path, with those lines. */
  condemned: Map<string, { transcript: Transcript; matches: LogMatch[] }>;
  /** Where the next look begins. */
  positions: LogPositions;
  /** Lines that need no more looking at: their session answered since, is empty by now, or can't be found. */
  settled: LogMatch[];
  /** Lines whose session can't be found as long as a registry can't be read. */
  undecided: LogMatch[];
};

const SPENT_LIMIT = 500;

/** Reads what is new in the logs, joins the lines that are still pending, and finds out whom they condemn. Reads only. */
export async function inspectGatewayLogs(
  installation: Installation,
  state: InstallationState,
  context: {
    settings: Settings;
    nowMs: number;
    sharedLogs: SharedLogs;
    env: NodeJS.ProcessEnv;
    signal: AbortSignal;
  },
): Promise<LogFacts> {
  const { corruption } = context.settings;
  const read = await readLogs(installation.logs, state.positions, {
    now: context.nowMs,
    windowMs: corruption.window,
    ...(state.lastLookAt === undefined ? {} : { lastLookAt: state.lastLookAt }),
    signatures: corruption.signatures.map(customSignature),
    ignore: corruption.ignore.map((pattern) => new RegExp(pattern)),
    signal: context.signal,
    env: context.env,
  });
  const spent = new Set(state.spent.map(({ id }) => id));
  const known = new Map([...state.pending, ...read.matches].map((match) => [match.id, match]));
  const facts: LogFacts = { findings: [], condemned: new Map(), positions: read.positions, settled: [], undecided: [] };
  for (const { source, message } of read.problems)
    facts.findings.push({ kind: "unreadable", severity: "warning", path: source, evidence: { message } });
  const mayNameMore = hasUnreadablePart(installation) || hasLostRegistry(installation);
  const others: LogMatch[] = [];
  const unplaced: { match: LogMatch; attribution: Attribution }[] = [];
  for (const match of known.values()) {
    if (spent.has(match.id)) continue;
    if (!match.condemns) {
      others.push(match);
      continue;
    }
    const attribution = await attribute(
      match,
      installation,
      otherReaders(context.sharedLogs, [match.source, match.from], installation.name),
    );
    if (attribution.kind !== "session") {
      (mayNameMore ? facts.undecided : facts.settled).push(match);
      unplaced.push({ match, attribution });
    } else if (
      wasMendedSince(attribution.transcript, installation, context.settings, match.at) ||
      (await isOver(attribution.transcript, match.at))
    )
      facts.settled.push(match);
    else {
      const { transcript } = attribution;
      const entry = facts.condemned.get(transcript.path) ?? { transcript, matches: [] };
      entry.matches.push(match);
      facts.condemned.set(transcript.path, entry);
    }
  }
  facts.findings.push(
    ...tally(others),
    ...unplaced.map(({ match, attribution }) => unplacedFinding(match, attribution)),
  );
  return facts;
}

/** The state after a run that dealt with these transcripts: what is left pending, and what is spent for good. */
export function rememberLogs(
  state: InstallationState,
  facts: LogFacts,
  dealtWith: ReadonlySet<string>,
  nowMs: number,
): InstallationState {
  const done = [...facts.condemned.values()]
    .filter(({ transcript }) => dealtWith.has(transcript.path))
    .flatMap(({ matches }) => matches);
  const open = [...facts.condemned.values()]
    .filter(({ transcript }) => !dealtWith.has(transcript.path))
    .flatMap(({ matches }) => matches);
  const spent = [...state.spent, ...[...done, ...facts.settled].map(({ id, at }) => ({ id, at }))].slice(-SPENT_LIMIT);
  return { ...state, positions: facts.positions, lastLookAt: nowMs, pending: [...open, ...facts.undecided], spent };
}

/** What a line of `sinceMs` complained of was mended after it, whoever asked for that. */
export function wasMendedSince(
  transcript: Transcript,
  installation: Installation,
  settings: Settings,
  sinceMs: number,
): boolean {
  const records = recordsOf(archiveFolderOf(settings, installation, transcript), transcript.path);
  return records.some(
    ({ reason, at, inode }) =>
      reason === "repair" && Date.parse(at) > sinceMs && inode !== transcript.fingerprint.inode,
  );
}

/** A session that answered after the line, or that holds no rows any more, has nothing left to be condemned for. */
async function isOver(transcript: Transcript, sinceMs: number): Promise<boolean> {
  if (transcript.kind !== "file") return false;
  const file = await openTranscript(transcript.path, transcript.fingerprint).catch(() => undefined);
  if (!file) return false;
  try {
    const { sizeBytes } = transcript.fingerprint;
    const isEmptied = transcript.dialect === "claude-code" ? holdsNothing : hasNoRows;
    if (await isEmptied(file, sizeBytes)) return true;
    return await hasReplySince(file, sizeBytes, dialects[transcript.dialect], sinceMs);
  } finally {
    await file.close();
  }
}

/** One finding for all the lines of a signature and a log that change nothing. */
function tally(matches: readonly LogMatch[]): Finding[] {
  const groups = groupBy(matches, ({ kind, severity, signature, source }) =>
    JSON.stringify([kind, severity, signature, source]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    return [
      {
        kind: first.kind,
        severity: first.severity,
        path: first.source,
        evidence: { signature: first.signature, ...lineEvidence(group), condemns: false },
      },
    ];
  });
}

function unplacedFinding(match: LogMatch, attribution: Attribution): Finding {
  const evidence = {
    signature: match.signature,
    ...lineEvidence([match]),
    condemns: false,
    attribution: attribution.kind,
  };
  const sessionKey = match.keys[0];
  return {
    kind: match.kind,
    severity: match.severity,
    path: match.source,
    ...(sessionKey ? { sessionKey } : {}),
    evidence: attribution.kind === "ambiguous" ? { ...evidence, candidates: attribution.candidates } : evidence,
  };
}

/** What the lines say that condemn a session: one finding for each kind. */
export function condemningFindings(
  transcript: Transcript,
  matches: readonly LogMatch[],
  ownership: Ownership,
): Finding[] {
  return [...groupBy(matches, ({ kind }) => kind).values()].flatMap((group): Finding[] => {
    const [first] = group;
    if (!first) return [];
    const evidence = { signature: first.signature, log: first.source, ...lineEvidence(group), condemns: true };
    const severity = ownership === "personal" ? "info" : first.severity;
    return [{ kind: first.kind, severity, ...identify(transcript), evidence }];
  });
}

/** How many lines, from when to when, and the ids that they name; never what they say. */
function lineEvidence(matches: readonly LogMatch[]): Record<string, unknown> {
  const times = matches.map(({ at }) => at).toSorted((a, b) => a - b);
  return {
    lines: matches.length,
    firstAt: new Date(times[0] ?? 0).toISOString(),
    lastAt: new Date(times.at(-1) ?? 0).toISOString(),
    ids: [...new Set(matches.flatMap(({ toolIds, sessionIds }) => [...toolIds, ...sessionIds]))],
  };
}
