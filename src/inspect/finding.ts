import type { EntryReference, Transcript } from "../installation/installation.ts";
import type { DamageKind } from "../structure/damage.ts";

export type Severity = "info" | "warning" | "error";

/** The stable names of what can be found. More may be added; none is ever renamed. */
export type FindingKind =
  | DamageKind
  | "oversized"
  | "rejection-logged"
  | "crash-logged"
  | "lock-timeout-logged"
  | "session-missing-logged"
  | "repair-logged"
  | "stale-lock"
  | "held-lock"
  | "undecidable-lock"
  | "lock-directory"
  | "stale-binding"
  | "broken-registry"
  | "unregistered-transcript"
  | "missing-transcript"
  | "null-transcript-path"
  | "corrupt-entry"
  | "duplicate-session"
  | "stray-session"
  | "shared-transcript"
  | "large-transcript"
  | "tokens-warning"
  | "tokens-critical"
  | "bloated-registry"
  | "sqlite-era"
  | "unknown-era"
  | "clock-stepped"
  | "idle-session"
  | "leftover"
  | "sweep-ahead"
  | "growing"
  | "archives-too-large"
  | "unverified-archive"
  | "missing-archive"
  | "damaged-catalog"
  | "not-undone"
  | "unreadable";

/** A fact, with the numbers that show it; no opinion about what to do. Its sentence is made when it is told. */
export type Finding = {
  kind: FindingKind;
  severity: Severity;
  transcript?: Transcript;
  path?: string;
  agent?: string;
  sessionKey?: string;
  sessionId?: string;
  /** of the file at `path`, from 1 */
  line?: number;
  evidence: Record<string, unknown>;
};

/** Whom a finding is about: a session's file, and the registry entry that leads to it. */
export function identify(
  transcript: Transcript,
  reference: EntryReference | undefined = transcript.entries[0],
): Pick<Finding, "transcript" | "path" | "sessionId" | "sessionKey" | "agent"> {
  const { path, sessionId } = transcript;
  return {
    transcript,
    path,
    sessionId,
    ...(reference ? { sessionKey: reference.entry.key, agent: reference.agent } : {}),
  };
}
