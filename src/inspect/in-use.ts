import type { Settings } from "../config/settings.ts";
import { type Holder, holdersOfEach, listProcesses, ownLineage } from "../host/processes.ts";
import type { GatewayState } from "../installation/gateway.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { lockRulesOf } from "../installation/lock-rules.ts";
import { lockPathOf } from "../locks/gateway-lock.ts";
import { judgeHere, type LockRules } from "../locks/judge-here.ts";
import { readLock } from "../locks/lock-file.ts";
import { type LiveSessions, liveSessionsIn } from "./live-sessions.ts";

/** An entry says `running` for ever when its gateway crashed; older than this, it says nothing. */
export const FRESH_STATUS_MS = 30 * 60_000;

/** An entry and its transcript are written one after the other, in either order; so soon neither misses the other. */
export const NEWBORN_MS = 60_000;

/** Ids that programs give are longer. */
const SHORTEST_ID = 16;

/**
 * Tells in words who uses a transcript right now; undefined when nobody can be seen to. `besidesUnattended`: leaves out programs
 * without a person that only go on in the session (`claude -p --resume ID`), because they will be ended.
 */
export type UseProbe = (transcript: Transcript, besidesUnattended?: boolean) => string | undefined;

/** Looks at the machine's processes once, for all the transcripts of an installation that are asked about. */
function createUseProbe(
  installation: Installation,
  gateway: GatewayState,
  rules: LockRules,
  nowMs: number,
  ahead: readonly Transcript[],
): UseProbe {
  const own = ownLineage();
  const processes = listProcesses().filter(({ pid }) => !own.has(pid));
  const foreign = rules.foreignPids ? { sinceMs: nowMs - rules.unknownOwnerAgeMs } : undefined;
  const live: LiveSessions = installation.claude ? liveSessionsIn(installation.claude.home, foreign) : new Map();
  const holders = holdersAhead(ahead);
  return (transcript, besidesUnattended = false) => {
    const lock = readLock(lockPathOf(transcript.path));
    const verdict = lock && judgeHere(lock, rules, nowMs);
    if (verdict && verdict.state !== "stale") return `its lock is ${verdict.because}`;
    const listed = live.get(transcript.sessionId);
    const naming = processes.filter(({ argv }) => argv.some((argument) => names(argument, nameOf(transcript))));
    const unattended = besidesUnattended ? naming.filter(({ argv }) => argv.some(isPrintMode)) : [];
    if (listed && !unattended.some(({ pid }) => pid === listed.pid)) return listed.who;
    const named = naming.find((one) => !unattended.includes(one));
    if (named) return `the command line of process ${named.pid} names it`;
    const holder = (holders.get(transcript) ?? holdersOfEach([transcript.fingerprint])[0])?.[0];
    if (holder) return `process ${holder.pid} has the file open`;
    const running = transcript.entries.find(
      ({ entry }) => entry.status === "running" && nowMs - (entry.updatedAt ?? 0) < FRESH_STATUS_MS,
    );
    if (running && gateway.state !== "down") return "its registry entry says that a turn is running";
    return undefined;
  };
}

function holdersAhead(transcripts: readonly Transcript[]): Map<Transcript, Holder[]> {
  if (transcripts.length === 0) return new Map();
  const holders = holdersOfEach(transcripts.map(({ fingerprint }) => fingerprint));
  return new Map(transcripts.map((transcript, index) => [transcript, holders[index] ?? []]));
}

/**
 * The same for what an inspection knows; without a gateway of its own an installation has none that runs.
 *
 * @param ahead transcripts that will be asked about: who holds them open is looked up at once, because it costs the same for all
 */
export function useProbe(
  installation: Installation,
  gateway: GatewayState | null,
  foreignPids: boolean,
  { settings, nowMs, brake }: { settings: Settings; nowMs: number; brake?: string | undefined },
  ahead: readonly Transcript[] = [],
): UseProbe {
  const rules = lockRulesOf(installation, settings, { foreignPids, brake });
  const known: GatewayState = gateway ?? { state: "down", because: "no gateway belongs here" };
  return createUseProbe(installation, known, rules, nowMs, ahead);
}

/** Claude Code's option for a run without a person, by itself or in what a shell is told to run. */
function isPrintMode(argument: string): boolean {
  return /(^|\s)(-p|--print)(\s|$)/.test(argument);
}

/** What a command line would call a session: a short id could be any word in it. */
function nameOf({ sessionId, path }: Transcript): string {
  return sessionId.length < SHORTEST_ID ? path : sessionId;
}

/** The id as a word of its own, so that a longer id that contains it does not count. */
function names(argument: string, sessionId: string): boolean {
  const at = argument.indexOf(sessionId);
  return at >= 0 && !/[\w-]/.test(argument[at - 1] ?? " ") && !/[\w-]/.test(argument[at + sessionId.length] ?? " ");
}
