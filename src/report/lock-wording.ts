import { formatDuration } from "../config/units.ts";
import type { FindingKind } from "../inspect/finding.ts";
import type { SparedReason } from "../plan/plan.ts";

type Evidence = Record<string, unknown>;
type LockKind = Extract<FindingKind, "stale-lock" | "held-lock" | "undecidable-lock" | "lock-directory">;

/** Every sentence about a lock: whose it is, since when, and what it keeps others from. */
export const LOCK_FINDINGS = {
  "stale-lock": (e) => `a lock on ${guarded(e)} was left behind: it is ${e.because}${aged(e)}`,
  "undecidable-lock": (e) =>
    `nobody can tell whether a lock on ${guarded(e)} still protects it: it is ${e.because}${aged(e)}`,
  "lock-directory": (e) => `a directory stands where the lock on ${guarded(e)} goes: ${e.because}${aged(e)}`,
  "held-lock": (e) =>
    e.guards === "history"
      ? `Claude Code is writing ${guarded(e)}`
      : `the lock on ${guarded(e)} is ${e.because}${program(e)}${since(e)}${overdue(e)}`,
} satisfies Record<LockKind, (evidence: Evidence) => string>;

/** What a person can do about a lock that is left alone. */
export const SPARED_LOCKS = {
  "overdue-lock": () =>
    "it stays, because its owner lives; a turn that hangs lets go of it when its gateway is restarted (openclaw gateway restart); only if that does not help, stop the gateway and run session-keeper clean-locks --force --yes",
  "undecidable-lock": () =>
    "it stays as long as that cannot be told; once the gateway is stopped: session-keeper clean-locks --force --yes",
  "filled-lock-directory": (_, __, path) =>
    `it stays, because something lies in it; if no program needs that: look into it with ls -la '${path}', then remove it by hand`,
  "large-lock": () => "it stays, because no program makes a lock of that size: look what it is",
} satisfies Partial<Record<SparedReason, (detail: string, sessionId: string, path: string) => string>>;

const GUARDED: Record<string, string> = {
  transcript: "a session",
  registry: "the registry",
  history: "the history of Claude Code",
};

function guarded({ guards }: Evidence): string {
  return GUARDED[String(guards)] ?? "a file";
}

function aged({ ageMs }: Evidence): string {
  return `; ${formatDuration(Number(ageMs))} old`;
}

function program({ program: name }: Evidence): string {
  return typeof name === "string" && name !== "" ? ` (${name})` : "";
}

function since({ ageMs, createdAt }: Evidence): string {
  const time = typeof createdAt === "string" ? `, since ${createdAt.slice(0, 19).replace("T", " ")} UTC` : "";
  return ` for ${formatDuration(Number(ageMs))}${time}`;
}

function overdue({ isOverdue, limitMs, guards }: Evidence): string {
  if (!isOverdue) return "";
  const what = guards === "registry" ? "a write" : "a turn";
  return `: longer than the ${formatDuration(Number(limitMs))} that ${what} may take; it seems to hang`;
}
