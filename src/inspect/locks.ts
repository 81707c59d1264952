import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../config/settings.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { describeError } from "../errors.ts";
import { holdersOfEach } from "../host/processes.ts";
import type { Installation, LockPlace } from "../installation/installation.ts";
import { innerProcesses } from "../installation/sharers.ts";
import { ownerFacts } from "../locks/gateway-lock.ts";
import { type LockFile, readLock } from "../locks/lock-file.ts";
import { judgeLock, type OwnerElsewhere } from "../locks/staleness.ts";
import type { Finding } from "./finding.ts";
import { describeLock, type JudgedLock, type SeenLock } from "./lock-finding.ts";
import { areForeign, installationFindings } from "./surroundings.ts";

export type LockFacts = { findings: Finding[]; locks: SeenLock[]; foreignPids: boolean };

/** A payload is written a moment after its file was made: so soon after, and so much later, it is looked at again. */
const JUST_MADE_MS = 1000;
const LOOK_AGAIN_MS = 100;

/** Looks at every lock of an installation and judges it. No transcript is opened. */
export async function inspectLocks(
  installation: Installation,
  context: { settings: Settings; nowMs: number; signal: AbortSignal },
): Promise<LockFacts> {
  const findings = installationFindings(installation).filter(
    ({ kind }) => kind === "unreadable" || kind === "sqlite-era",
  );
  if (installation.locks.length === 0) return { findings, locks: [], foreignPids: false };
  const { minAge: minAgeMs, unknownOwnerAge: unknownOwnerAgeMs } = context.settings.locks;
  const foreignPids = areForeign(installation);
  const policy = { minAgeMs, unknownOwnerAgeMs, foreignPids };
  const elsewhere = foreignPids ? findElsewhere(installation) : undefined;
  const judge = (file: LockFile) => judgeLock(file, policy, context.nowMs, ownerFacts, elsewhere);
  const seen: JudgedLock[] = [];
  const justMade: LockPlace[] = [];
  for (const place of installation.locks) {
    context.signal.throwIfAborted();
    const file = read(place, findings);
    if (!file) continue;
    const verdict = judge(file);
    if (file.payload.pid === undefined && file.kind === "file" && verdict.ageMs < JUST_MADE_MS) justMade.push(place);
    else seen.push({ place, file, verdict });
  }
  if (justMade.length > 0) await sleep(LOOK_AGAIN_MS);
  for (const place of justMade) {
    const file = read(place, findings);
    if (file) seen.push({ place, file, verdict: judge(file) });
  }
  keepOpenOnes(seen);
  const isMoved = installation.openclaw?.era.era === "S";
  const locks = seen.map((one) =>
    describeLock(one, { isMoved: isMoved && one.place.guards !== "history", foreignPids, nowMs: context.nowMs }),
  );
  findings.push(...locks.map(({ finding }) => finding));
  return { findings, locks, foreignPids };
}

function read(place: LockPlace, findings: Finding[]): LockFile | undefined {
  try {
    return readLock(place.path);
  } catch (error) {
    const evidence = { message: describeError(error) };
    findings.push({ kind: "unreadable", severity: "warning", path: place.path, evidence });
    return undefined;
  }
}

/** The processes of containers that work on the home, by the numbers that they have in there. */
function findElsewhere({ openclaw }: Installation): (pid: number) => OwnerElsewhere[] {
  const here = openclaw ? innerProcesses(openclaw.home) : new Map<number, number[]>();
  return (inner) => (here.get(inner) ?? []).map((pid) => ({ pid, ...ownerFacts(pid) }));
}

/**
 * A lock whose owner cannot be told goes by its age; but while a process has it open, or writes to what it guards, it stays:
 * gateways keep a transcript's lock open as long as they hold it.
 */
function keepOpenOnes(seen: JudgedLock[]): void {
  const doubtful = seen.filter(
    ({ file, verdict }) => verdict.state === "stale" && verdict.byClock && file.kind === "file",
  );
  if (doubtful.length === 0) return;
  const guarded = doubtful.map(({ file }) => lookAt(file.path.replace(/\.lock$/, ""))?.fingerprint);
  const nothing = { device: -1, inode: -1 };
  const holders = holdersOfEach([
    ...doubtful.map(({ file }) => file.fingerprint),
    ...guarded.map((fingerprint) => fingerprint ?? nothing),
  ]);
  for (const [index, one] of doubtful.entries()) {
    const opener = holders[index]?.[0];
    const writer = holders[doubtful.length + index]?.find(({ writes }) => writes);
    if (!opener && !writer) continue;
    const use = opener ? `, but process ${opener.pid} has it open` : `, but process ${writer?.pid} writes to the file`;
    one.verdict = { ...one.verdict, state: "undecidable", because: one.verdict.because + use };
  }
}
