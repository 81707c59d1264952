import { setTimeout as sleep } from "node:timers/promises";
import type { Settings } from "../config/settings.ts";
import { describeError } from "../errors.ts";
import type { Installation, LockPlace } from "../installation/installation.ts";
import { lockRulesOf } from "../installation/lock-rules.ts";
import { judgeEachHere } from "../locks/judge-here.ts";
import { type LockFile, readLock } from "../locks/lock-file.ts";
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
  const { nowMs } = context;
  const foreignPids = areForeign(installation);
  const rules = lockRulesOf(installation, context.settings, { foreignPids });
  const look = (places: readonly LockPlace[]): JudgedLock[] => {
    const found = places.flatMap((place) => {
      context.signal.throwIfAborted();
      const file = read(place, findings);
      return file ? [{ place, file }] : [];
    });
    const verdicts = judgeEachHere(
      found.map(({ file }) => file),
      rules,
      nowMs,
    );
    return found.flatMap((one, index) => {
      const verdict = verdicts[index];
      return verdict ? [{ ...one, verdict }] : [];
    });
  };
  const seen = look(installation.locks);
  const justMade = seen.filter(isJustMade);
  if (justMade.length > 0) {
    await sleep(LOOK_AGAIN_MS);
    const again = look(justMade.map(({ place }) => place));
    seen.splice(0, seen.length, ...seen.filter((one) => !justMade.includes(one)), ...again);
  }
  const isMoved = installation.openclaw?.era.era === "S";
  const locks = seen.map((one) =>
    describeLock(one, { isMoved: isMoved && one.place.guards !== "history", foreignPids, nowMs }),
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

function isJustMade({ file, verdict }: JudgedLock): boolean {
  return file.payload.pid === undefined && file.kind === "file" && verdict.ageMs < JUST_MADE_MS;
}
