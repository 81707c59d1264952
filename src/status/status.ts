import type { Dialect } from "../dialects/dialect.ts";
import type { Severity } from "../inspect/finding.ts";
import type { Ownership } from "../inspect/whose.ts";
import type { GatewayState } from "../installation/gateway.ts";
import type { Point } from "../state/history.ts";
import type { RunMark } from "../state/remember-run.ts";

/** What an installation looks like at a glance, besides what was found wrong in it. Times are ISO, sizes bytes. */
export type InstallationStatus = {
  gateway?: GatewayState;
  /** the OpenClaw release, where something tells */
  version?: string;
  sessions: { total: number; bytes: number; fullest: SessionStatus[] };
  locks: { held: number; stale: number; undecidable: number };
  registries: { agent: string; path: string; entries: number; transcripts: number; unregistered: number }[];
  archives: ArchiveStatus;
  log: LogStatus;
  /** of every command that crontabs use; `null`: it never ran here */
  runs: Record<string, RunMark | null>;
};

/** `limitBytes`: above it the session is shortened; `null`: never, by the policy for sessions of people. */
export type SessionStatus = {
  sessionId: string;
  sessionKey?: string;
  agent?: string;
  dialect: Dialect["name"];
  path: string;
  owner: Ownership;
  bytes: number;
  limitBytes: number | null;
  lastAt: string;
  /** in words: who uses it right now */
  inUse?: string;
  tokens?: { count: number; warning: number; critical: number };
  bytesPerDay?: number;
  reachesLimitAt?: string;
  history: Point[];
};

/** `bytes`: as they lie on the disk; `heldBytes`: of the transcripts in them. */
export type ArchiveStatus = {
  count: number;
  bytes: number;
  heldBytes: number;
  sessions: number;
  newestAt?: string;
  /** the last time that archives were read back */
  verified?: { at: string; archives: number; bad: number };
};

export type LogStatus = {
  windowMs: number;
  sources: number;
  signatures: { kind: string; severity: Severity; signature: string; lines: number; lastAt: string }[];
};
