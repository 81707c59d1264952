import type { Transcript } from "../installation/installation.ts";

export type Severity = "info" | "warning" | "error";

/** The stable names of what can be found. More may be added; none is ever renamed. */
export type FindingKind =
  | "oversized"
  | "rejection-logged"
  | "crash-logged"
  | "lock-timeout-logged"
  | "stale-binding"
  | "broken-registry"
  | "sqlite-era"
  | "unknown-era"
  | "clock-stepped"
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
  evidence: Record<string, unknown>;
};
