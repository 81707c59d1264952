import type { ArchivePurpose } from "../archive/catalog.ts";
import type { ArchiveReason } from "../archive/names.ts";
import type { Hindrance } from "../inspect/destinations.ts";
import type { Finding } from "../inspect/finding.ts";
import type { GatewayOffer } from "../inspect/gateway-offer.ts";
import type { SeenLock } from "../inspect/lock-finding.ts";
import type { BrokenRegistry } from "../inspect/registry.ts";
import type { EntryReference, Transcript } from "../installation/installation.ts";
import type { LeftoverRule } from "../installation/leftovers.ts";

/** One crash-safe step. The steps of a job run in order, and one that could not be done ends its job. */
export type Step =
  | {
      kind: "archive-transcript";
      transcript: Transcript;
      reason: ArchiveReason;
      purpose: ArchivePurpose;
      /** as far as is known when it is planned; the whole file where it is absent */
      bytes?: number;
      /** what belongs to the transcript goes into an archive beside, and from its place when the transcript is removed */
      withSidecars?: boolean;
      /** the session goes to another folder: files besides its sidecars that go with it */
      movingWith?: readonly string[];
    }
  | { kind: "append-note"; transcript: Transcript; template: string | null }
  | {
      kind: "edit-registry";
      transcript: Transcript;
      entry: EntryReference;
      change: RegistryChange;
      /** what a change of this kind needs; see `EntryEdit` */
      edit?: EntryEdit;
    }
  | { kind: "restore-registry"; broken: BrokenRegistry }
  | { kind: "repair-transcript"; transcript: Transcript; rewind?: boolean }
  | { kind: "cut-transcript"; transcript: Transcript; bytesAfter?: number }
  | { kind: "digest-transcript"; transcript: Transcript }
  | { kind: "empty-transcript"; transcript: Transcript }
  | { kind: "remove-transcript"; transcript: Transcript }
  | { kind: "remove-leftover"; transcript: Transcript; rule: LeftoverRule }
  | { kind: "remove-lock"; lock: SeenLock }
  | { kind: "prune-archive"; archive: string }
  | { kind: "restart-gateway" };

/**
 * What becomes of a registry entry: it forgets a Claude Code session, a whole transcript, or how much a cut one held; its bad
 * fields are put right; it comes, is made anew, or goes. One that goes to another agent's registry moves in there and out here.
 */
export type RegistryChange =
  | "clear-binding"
  | "fresh-start"
  | "drop-counters"
  | "mend-entry"
  | "add-entry"
  | "replace-entry"
  | "remove-entry"
  | "move-in"
  | "move-out";

/**
 * `seen`: the SHA-256 of the entry's text as it was looked at; with another text it stays as it is. `remove`, `set`: of an entry
 * that is mended, the fields that go, and the JSON of those that get another value. `text`: the JSON of a whole entry.
 * `forget`: sessions of Claude Code whose bindings are cleared. `from`: of one that moves in, where it stands now; `folder`: where
 * its files go; `files`: those that the entry names. `to`, `why`: of one that goes, which agent gets its messages, and why it is not
 * moved there. `request`: it is not we who edit the registry, but the gateway does this.
 */
export type EntryEdit = {
  seen?: string;
  remove?: readonly string[];
  set?: Readonly<Record<string, string>>;
  text?: string;
  forget?: readonly string[];
  from?: EntryReference;
  folder?: string;
  files?: readonly string[];
  to?: string;
  why?: Hindrance;
  request?: GatewayRequest;
};

/** What the gateway itself is asked to do to one of its sessions, where a registry of its release has no lock. */
export type GatewayRequest = { method: "sessions.reset" | "sessions.delete"; params: Record<string, string | boolean> };

export type StepKind = Step["kind"];

/** What is to be done about one session, or one other thing. */
export type Job = {
  /** absent: it is about no session's file */
  transcript?: Transcript;
  findings: Finding[];
  steps: Step[];
  /** may be done although the session is in use */
  force: boolean;
  /** in words: why nothing can be done in this run; the next one tries again */
  wait?: string;
  /** archives of the same line that will be beyond the number to keep; they go last, once this is done */
  prunes: string[];
  /** the gateway has to be restarted once this is done */
  needsRestart: boolean;
  /** done side by side with others of its kind, whose registry entries are edited in one go */
  isBatched?: boolean;
};

/** Why something that was seen is left alone. */
export type SparedReason =
  | "personal"
  | "personal-damaged"
  | "personal-below-limit"
  | "unregistered"
  | "unsafe"
  | "cut-refused"
  | "tail-too-large"
  | "tail-kept"
  | "sqlite-era"
  | "gateway-up"
  | "healthy"
  | "unmendable"
  | "clock-stepped"
  | "broken-registry"
  | "overdue-lock"
  | "undecidable-lock"
  | "filled-lock-directory"
  | "large-lock"
  | "pinned"
  | "prunes-itself"
  | "idle-gateway-up"
  | "referenced"
  | "recovery-source"
  | "unknown-name"
  | "registry-gateway-up"
  | "old-orphan"
  | "routed-elsewhere"
  | "unmovable"
  | "shared-on-disk"
  | "restart-advised"
  | "no-restart-command"
  | "restart-limit";

/**
 * Something seen and left alone, with the reason. `detail` completes the reason's sentence. `to`: the agent that gets its
 * messages; `hindrance`: why it cannot go there. `requests`: what the gateway would have to be asked for;
 * `notAsked`: why it was not.
 */
export type Spared = {
  because: SparedReason;
  hindrance?: Hindrance;
  to?: string;
  requests?: GatewayRequest[];
  notAsked?: Exclude<GatewayOffer, "offered">;
  transcript?: Transcript;
  /** of what is no transcript */
  path?: string;
  detail?: string;
  findings: Finding[];
};

/** Plain data: it can be printed, compared and tested. */
export type Plan = { jobs: Job[]; spared: Spared[] };
