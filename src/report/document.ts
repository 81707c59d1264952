import { hostname } from "node:os";
import type { StepResult } from "../apply/outcome.ts";
import type { CatalogRecord } from "../archive/catalog.ts";
import type { FindingKind, Severity } from "../inspect/finding.ts";
import type { ContainerPaths } from "../installation/container-paths.ts";
import type { SparedReason, StepKind } from "../plan/plan.ts";
import type { Change } from "../setup/change.ts";
import type { Check } from "../setup/check.ts";
import type { InstallationStatus } from "../status/status.ts";
import type { knownEffectsOf } from "../structure/effects.ts";
import { exitCodeOf } from "./exit-code.ts";

/** A finding as it is told. `line` counts from 1. */
export type ReportedFinding = {
  kind: FindingKind;
  severity: Severity;
  message: string;
  resolved: boolean;
  agent?: string;
  sessionKey?: string;
  sessionId?: string;
  path?: string;
  line?: number;
  /** of `status`: when a run of ours saw it first; ISO time */
  since?: string;
  evidence: Record<string, unknown>;
  /** set for crontab runs: it was told lately */
  isTold?: true;
};

/** Whether it is trouble that is still there, as the exit code counts it. */
export function isOpen({ severity, resolved }: ReportedFinding): boolean {
  return severity !== "info" && !resolved;
}

/** To whoever reads the report, a registry that is made anew is an edited one. `notify`: an alert that was sent, or that waits. */
type ActionKind = Exclude<StepKind, "restore-registry"> | "notify";

export function actionKindOf(kind: StepKind): Exclude<ActionKind, "notify"> {
  return kind === "restore-registry" ? "edit-registry" : kind;
}

export type ReportedAction = {
  kind: ActionKind;
  message: string;
  path?: string;
  sessionId?: string;
  sessionKey?: string;
  because: FindingKind[];
  result: "planned" | StepResult;
  hint?: string;
  detail?: Record<string, unknown>;
  /** set for crontab runs: this failure was told lately */
  isTold?: true;
};

export type ReportedSpared = {
  because: SparedReason;
  message: string;
  path?: string;
  sessionId?: string;
  sessionKey?: string;
};

/** An archive as it is told. `bytes`, `lines`, `sha256`: of what it holds. `verified`: whether it was read back, and is so. `keptBy`: the rules of `archive.keep` that hold it. */
export type ReportedArchive = Pick<
  CatalogRecord,
  | "archive"
  | "at"
  | "sessionId"
  | "sessionKey"
  | "segment"
  | "reason"
  | "purpose"
  | "dialect"
  | "source"
  | "command"
  | "runId"
  | "lines"
  | "bytes"
  | "gzipBytes"
  | "sha256"
  | "previous"
  | "next"
  | "rootSession"
  | "firstAt"
  | "lastAt"
  | "sidecars"
> & { path: string; verified?: boolean; keptBy?: string[] };

/** A copy that was made of what archives hold. `parts`: how many, with the live transcript. No path: it is for stdout. */
type ReportedCopy = { path?: string; bytes: number; parts: number; withLive: boolean };

/** A line of `setup check`. `remedy`: the command, or the key to set. */
export type ReportedCheck = Pick<Check, "group" | "kind" | "severity" | "path" | "evidence"> & {
  message: string;
  remedy?: string;
};

/** What `setup` did to this machine, or would do. */
export type ReportedChange = Change & { message: string };
/**
 * What a name in a report means. `releases`: what which releases do with damage that they send. The texts are those of
 * `explanations/explanation.ts`.
 */
export type ReportedExplanation = {
  kind: string;
  of: "finding" | "action" | "spared";
  summary: string;
  what: string;
  effect?: string;
  releases?: ReturnType<typeof knownEffectsOf>;
  keeper?: string;
  byHand?: string;
  back?: string;
};

/** `sinceMs` (epoch ms): since when another run holds the lock. */
export type ReportedFailure = { code: string; message: string; hint: string; sinceMs?: number };

export type InstallationReport = {
  name: string;
  /** null: no OpenClaw here */
  era: string | null;
  dialects: string[];
  /** what paths inside a container were found to be here, where none are configured */
  containerPaths?: ContainerPaths;
  findings: ReportedFinding[];
  actions: ReportedAction[];
  spared: ReportedSpared[];
  /** of `restore`: the archives that were listed, read back or copied from */
  archives?: ReportedArchive[];
  copy?: ReportedCopy;
  /** of `status` */
  status?: InstallationStatus;
  /** of `restore undo`, for the run alone: whether the run to be undone is known here, and which others are */
  undo?: {
    isKnown: boolean;
    /** it was an undo itself, of that run */
    undoes?: string;
    recent: { runId: string; command: string }[];
    /** what it changed in other homes than these */
    elsewhere: string[];
  };
  /** of `setup check` */
  checks?: ReportedCheck[];
  failure?: ReportedFailure;
};

/** The one document of a run: what `--json` prints, and what the screen is made from. */
export type ReportDocument = {
  schemaVersion: 1;
  tool: "session-keeper";
  version: string;
  runId: string;
  host: string;
  command: string;
  /** what the command was told to do, where there is a choice */
  verb?: string;
  dryRun: boolean;
  startedAt: string;
  durationMs: number;
  installations: InstallationReport[];
  /** of `setup check`: what concerns the machine as a whole */
  checks?: ReportedCheck[];
  /** of `setup`: what it was asked to print, as it stands in a file */
  text?: string;
  /** of `setup`: what it did to this machine, or would do */
  changes?: ReportedChange[];
  /** of `explain` */
  explanations?: ReportedExplanation[];
  summary: {
    findings: number;
    actions: number;
    done: number;
    failed: number;
    bytesBefore: number;
    bytesAfter: number;
    bytesArchived: number;
  };
  error?: ReportedFailure;
  exitCode: number;
};

/** Adds up what the installations report. Sizes count what was, or would be, changed. */
export function summarize(installations: readonly InstallationReport[]): ReportDocument["summary"] {
  const actions = installations.flatMap((installation) => installation.actions);
  const sum = (name: string, of = actions) =>
    of.reduce((total, { detail }) => total + (typeof detail?.[name] === "number" ? (detail[name] as number) : 0), 0);
  return {
    findings: installations.reduce((total, { findings }) => total + findings.length, 0),
    actions: actions.length,
    done: actions.filter(({ result }) => result === "done").length,
    failed:
      actions.filter(({ result }) => result === "failed").length +
      installations.filter(({ failure }) => failure).length,
    bytesBefore: sum("bytesBefore"),
    bytesAfter: sum("bytesAfter"),
    bytesArchived: sum(
      "bytes",
      actions.filter(({ kind, result }) => kind === "archive-transcript" && result === "done"),
    ),
  };
}

type Begun = Pick<
  ReportDocument,
  "schemaVersion" | "tool" | "version" | "runId" | "host" | "command" | "verb" | "dryRun" | "startedAt"
>;

/** What is known of a run before it has done anything, its id included. */
export function beginReport(command: string, version: string, dryRun: boolean, verb?: string): Begun {
  const startedAt = new Date().toISOString();
  const runId = `${startedAt.replace(/[-:]|\.\d+/g, "")}-${Math.random().toString(16).slice(2, 8).padEnd(6, "0")}`;
  return {
    schemaVersion: 1,
    tool: "session-keeper",
    version,
    runId,
    host: hostname(),
    command,
    ...(verb === undefined ? {} : { verb }),
    dryRun,
    startedAt,
  };
}

/** What `setup` has to tell besides the installations. */
export type SetupReport = Pick<ReportDocument, "checks" | "text" | "changes">;

/** Closes the document. When all there was to look after is locked by another run, that is the run's own error. */
export function finishReport(
  begun: Begun,
  installations: InstallationReport[],
  error?: ReportedFailure,
  setup: SetupReport = {},
): ReportDocument {
  const locked = installations.length > 0 && installations.every(({ failure }) => failure?.code === "locked");
  const told = error ?? (locked ? installations[0]?.failure : undefined);
  return {
    ...begun,
    durationMs: Date.now() - Date.parse(begun.startedAt),
    installations,
    ...setup,
    summary: summarize(installations),
    ...(told ? { error: told } : {}),
    exitCode: exitCodeOf(installations, told, setup.checks),
  };
}
