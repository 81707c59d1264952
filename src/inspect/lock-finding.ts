import { basename } from "node:path";
import { argvOf, startedAtOf } from "../host/processes.ts";
import type { LockPlace } from "../installation/installation.ts";
import type { LockFile } from "../locks/lock-file.ts";
import type { LockVerdict } from "../locks/staleness.ts";
import type { Finding } from "./finding.ts";

export type JudgedLock = { place: LockPlace; file: LockFile; verdict: LockVerdict };

/** A lock as it was found, whether it still protects somebody, and what is told of it. */
export type SeenLock = JudgedLock & {
  finding: Finding;
  /** held for longer than a turn, or a write, takes */
  isOverdue: boolean;
  /** of an OpenClaw that keeps its sessions in SQLite by now: nothing there is written */
  isMoved: boolean;
};

/** How long a turn may last where its lock does not say: the age at which every release takes it for too old. */
const TURN_LIMIT_MS = 30 * 60_000;
/** The same of a registry's lock, which is held for one write. */
const WRITE_LIMIT_MS = 30_000;

/** Makes the finding about a lock that was judged: whom it is of and since when, never what else it holds. */
export function describeLock(
  judged: JudgedLock,
  { isMoved, foreignPids, nowMs }: { isMoved: boolean; foreignPids: boolean; nowMs: number },
): SeenLock {
  const { place, file, verdict } = judged;
  const { pid, createdAtMs, maxHoldMs } = file.payload;
  const state = isHistoryInUse(judged) ? "held" : verdict.state;
  const limitMs = place.guards === "registry" ? WRITE_LIMIT_MS : (maxHoldMs ?? TURN_LIMIT_MS);
  // gateways count from what the lock says, and so does a person who reads since when it is held
  const heldMs = Math.max(0, nowMs - (createdAtMs ?? file.fingerprint.mtimeMs));
  const isOverdue = state === "held" && heldMs > limitMs;
  const kind = kindOf(judged, state);
  const finding: Finding = {
    kind,
    severity: isMoved || (kind === "held-lock" && !isOverdue) ? "info" : "warning",
    path: place.path,
    ...(place.agent === undefined ? {} : { agent: place.agent }),
    evidence: {
      guards: place.guards,
      state,
      because: verdict.because,
      ageMs: Math.round(state === "held" ? heldMs : verdict.ageMs),
      ...(file.kind === "folder" && !file.isEmpty ? { isFilled: true } : {}),
      bytes: file.kind === "folder" ? 0 : file.fingerprint.sizeBytes,
      ...(pid === undefined ? {} : { pid }),
      ...(createdAtMs === undefined ? {} : { createdAt: timeOf(createdAtMs) }),
      ...(pid === undefined || foreignPids ? {} : ownerOf(pid)),
      ...(state === "held" ? { limitMs, isOverdue } : {}),
    },
  };
  return { ...judged, finding, isOverdue, isMoved };
}

/** Claude Code writes its history under a lock that is a directory, for moments: a new one is no trouble. */
function isHistoryInUse({ place, file, verdict }: JudgedLock): boolean {
  return (
    place.guards === "history" && file.kind === "folder" && file.isEmpty === true && verdict.state === "undecidable"
  );
}

function kindOf({ file }: JudgedLock, state: LockVerdict["state"]): Finding["kind"] {
  if (state === "held") return "held-lock";
  if (file.kind === "folder") return "lock-directory";
  return state === "stale" ? "stale-lock" : "undecidable-lock";
}

/** The process that has the number now; of its command line just the program's name. */
function ownerOf(pid: number): Record<string, unknown> {
  const startedAtMs = startedAtOf(pid);
  const program = argvOf(pid)[0];
  return {
    ...(startedAtMs === undefined ? {} : { ownerStartedAt: timeOf(startedAtMs) }),
    ...(program === undefined ? {} : { program: basename(program.split(" ")[0] ?? "") }),
  };
}

/** A number that is no time, in a payload that somebody made up, must not end the run. */
function timeOf(epochMs: number): string | number {
  return Math.abs(epochMs) <= 8.64e15 ? new Date(epochMs).toISOString() : epochMs;
}
