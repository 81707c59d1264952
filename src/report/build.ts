import type { JobOutcome } from "../apply/apply.ts";
import type { Outcome } from "../apply/outcome.ts";
import type { Finding } from "../inspect/finding.ts";
import { type Installation, sessionKeyOf, type Transcript } from "../installation/installation.ts";
import type { Job, Plan, Spared, Step } from "../plan/plan.ts";
import {
  actionKindOf,
  type InstallationReport,
  type ReportedAction,
  type ReportedFinding,
  type ReportedSpared,
} from "./document.ts";
import { wordFinding, wordOutcome, wordPlanned, wordSpared } from "./wording.ts";

type Seen = { installation: Installation; findings: readonly Finding[]; plan: Plan };

/** What is told of the jobs that were done. */
export type ToldJobs = {
  actions: ReportedAction[];
  resolved: Set<Finding>;
  /** because of these the gateway has to be restarted */
  corruption: Finding[];
  sentences: Sentences;
};

/** One of each: thousands of sessions end in the same words. */
type Sentences = Map<string, string>;

export function nothingTold(): ToldJobs {
  return { actions: [], resolved: new Set(), corruption: [], sentences: new Map() };
}

/** Puts the end of a job into words, after which the job itself is not needed for the report. */
export function tellJob({ job, outcomes, isFinished }: JobOutcome, told: ToldJobs): void {
  const because = kindsOf(job.findings);
  for (const outcome of outcomes) told.actions.push(reportOutcome(outcome, because, told.sentences));
  if (isFinished) for (const finding of job.findings) told.resolved.add(finding);
  if (job.needsRestart) told.corruption.push(...job.findings);
}

/**
 * Turns what one installation's run saw, planned and did into what is told of it. Of the jobs that are still in the plan it is
 * told what would be done.
 */
export function buildReport(
  seen: Seen,
  told?: ToldJobs,
  extra: readonly Outcome[] = [],
): Pick<InstallationReport, "findings" | "actions" | "spared"> {
  const { corruption, resolved, sentences } = told ?? nothingTold();
  const because = kindsOf(corruption);
  return {
    findings: seen.findings.map((finding) => reportFinding(finding, resolved.has(finding), sentences)),
    actions: [
      ...(told?.actions ?? []),
      ...seen.plan.jobs.flatMap(planJob),
      ...(told ? [] : plannedRestart(seen)),
      ...extra.map((outcome) => reportOutcome(outcome, outcome.step.kind === "restart-gateway" ? because : [])),
    ],
    spared: seen.plan.spared.map(reportSpared),
  };
}

export function reportFinding(finding: Finding, resolved: boolean, sentences?: Sentences): ReportedFinding {
  const { kind, severity, agent, sessionKey, sessionId, path, line, evidence } = finding;
  return {
    kind,
    severity,
    message: oneOf(wordFinding(finding), sentences),
    resolved,
    ...(agent ? { agent } : {}),
    ...(sessionKey ? { sessionKey } : {}),
    ...(sessionId ? { sessionId } : {}),
    ...(path ? { path } : {}),
    ...(line === undefined ? {} : { line }),
    evidence,
  };
}

function planJob(job: Job): ReportedAction[] {
  const because = kindsOf(job.findings);
  const last = job.steps.at(-1);
  if (job.wait && last) return [reportOutcome({ step: last, result: "busy", because: job.wait, detail: {} }, because)];
  const prunes = job.prunes.map((archive): Step => ({ kind: "prune-archive", archive }));
  return [...job.steps.map((step) => planned(step, because)), ...prunes.map((step) => planned(step, []))];
}

function plannedRestart({ installation, plan }: Seen): ReportedAction[] {
  const condemned = plan.jobs.filter(({ needsRestart, wait }) => needsRestart && wait === undefined);
  if (condemned.length === 0 || !installation.settings.gateway.restart) return [];
  return [planned({ kind: "restart-gateway" }, kindsOf(condemned.flatMap(({ findings }) => findings)))];
}

function planned(step: Step, because: Kinds): ReportedAction {
  const detail = plannedDetail(step);
  return {
    kind: actionKindOf(step.kind),
    message: wordPlanned(step),
    ...about(step),
    because,
    result: "planned",
    ...(detail ? { detail } : {}),
  };
}

function plannedDetail(step: Step): Record<string, unknown> | undefined {
  if (step.kind === "edit-registry") return { registry: step.entry.registryPath };
  if (step.kind === "restore-registry") return { registry: step.broken.registry.path, change: "restore" };
  if (step.kind === "archive-transcript") return { bytes: step.bytes ?? step.transcript.fingerprint.sizeBytes };
  if (step.kind === "cut-transcript" && step.bytesAfter !== undefined)
    return { bytesBefore: step.transcript.fingerprint.sizeBytes, bytesAfter: step.bytesAfter };
  const shrinks = step.kind === "empty-transcript" || step.kind === "remove-transcript";
  return shrinks ? { bytesBefore: step.transcript.fingerprint.sizeBytes, bytesAfter: 0 } : undefined;
}

function reportOutcome(outcome: Outcome, because: Kinds, sentences?: Sentences): ReportedAction {
  const { step, result, hint, detail } = outcome;
  return {
    kind: actionKindOf(step.kind),
    message: oneOf(wordOutcome(outcome), sentences),
    ...about(step),
    because,
    result,
    ...(hint ? { hint } : {}),
    detail,
  };
}

function reportSpared(spared: Spared): ReportedSpared {
  return {
    because: spared.because,
    message: wordSpared(spared),
    ...(spared.path === undefined ? {} : { path: spared.path }),
    ...(spared.transcript ? identify(spared.transcript) : {}),
  };
}

function about(step: Step): Pick<ReportedAction, "path" | "sessionId" | "sessionKey"> {
  if ("transcript" in step) return identify(step.transcript);
  if (step.kind === "remove-lock") return { path: step.lock.file.path };
  if (step.kind === "restore-registry") return { path: step.broken.registry.path };
  return step.kind === "prune-archive" ? { path: step.archive } : {};
}

function identify(transcript: Transcript): { path: string; sessionId: string; sessionKey?: string } {
  const sessionKey = sessionKeyOf(transcript);
  return { path: transcript.path, sessionId: transcript.sessionId, ...(sessionKey ? { sessionKey } : {}) };
}

function oneOf(sentence: string, sentences: Sentences | undefined): string {
  const known = sentences?.get(sentence);
  if (known === undefined) sentences?.set(sentence, sentence);
  return known ?? sentence;
}

type Kinds = ReportedAction["because"];

function kindsOf(findings: readonly Finding[]): Kinds {
  return [...new Set(findings.map(({ kind }) => kind))];
}
