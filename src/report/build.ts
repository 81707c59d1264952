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

/**
 * Turns what one installation's run saw, planned and did into what is told of it. Without outcomes it tells the plan.
 */
export function buildReport(
  seen: Seen,
  done: readonly JobOutcome[],
  extra: readonly Outcome[],
): Pick<InstallationReport, "findings" | "actions" | "spared"> {
  const resolved = new Set(done.filter(({ isFinished }) => isFinished).flatMap(({ job }) => job.findings));
  const corruption = done.filter(({ job }) => job.needsRestart).flatMap(({ job }) => job.findings);
  const jobs = new Map(done.map((outcome) => [outcome.job, outcome]));
  return {
    findings: seen.findings.map((finding) => reportFinding(finding, resolved.has(finding))),
    actions: [
      ...seen.plan.jobs.flatMap((job) => reportJob(job, jobs.get(job))),
      ...(done.length === 0 ? plannedRestart(seen) : []),
      ...extra.map((outcome) => reportOutcome(outcome, outcome.step.kind === "restart-gateway" ? corruption : [])),
    ],
    spared: seen.plan.spared.map(reportSpared),
  };
}

export function reportFinding(finding: Finding, resolved: boolean): ReportedFinding {
  const { kind, severity, agent, sessionKey, sessionId, path, line, evidence } = finding;
  return {
    kind,
    severity,
    message: wordFinding(finding),
    resolved,
    ...(agent ? { agent } : {}),
    ...(sessionKey ? { sessionKey } : {}),
    ...(sessionId ? { sessionId } : {}),
    ...(path ? { path } : {}),
    ...(line === undefined ? {} : { line }),
    evidence,
  };
}

function reportJob(job: Job, outcome: JobOutcome | undefined): ReportedAction[] {
  if (outcome) return outcome.outcomes.map((one) => reportOutcome(one, job.findings));
  const last = job.steps.at(-1);
  if (job.wait && last)
    return [reportOutcome({ step: last, result: "busy", because: job.wait, detail: {} }, job.findings)];
  const prunes = job.prunes.map((archive): Step => ({ kind: "prune-archive", archive }));
  return [...job.steps.map((step) => planned(step, job.findings)), ...prunes.map((step) => planned(step, []))];
}

function plannedRestart({ installation, plan }: Seen): ReportedAction[] {
  const condemned = plan.jobs.filter(({ needsRestart, wait }) => needsRestart && wait === undefined);
  if (condemned.length === 0 || !installation.settings.gateway.restart) return [];
  return [
    planned(
      { kind: "restart-gateway" },
      condemned.flatMap(({ findings }) => findings),
    ),
  ];
}

function planned(step: Step, findings: readonly Finding[]): ReportedAction {
  const detail = plannedDetail(step);
  return {
    kind: actionKindOf(step.kind),
    message: wordPlanned(step),
    ...about(step),
    because: kindsOf(findings),
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

function reportOutcome(outcome: Outcome, findings: readonly Finding[]): ReportedAction {
  const { step, result, hint, detail } = outcome;
  return {
    kind: actionKindOf(step.kind),
    message: wordOutcome(outcome),
    ...about(step),
    because: kindsOf(findings),
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

function kindsOf(findings: readonly Finding[]): ReportedAction["because"] {
  return [...new Set(findings.map(({ kind }) => kind))];
}
