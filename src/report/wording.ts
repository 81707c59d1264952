import type { Outcome } from "../apply/outcome.ts";
import { formatDuration, formatSize } from "../config/units.ts";
import type { Finding, FindingKind } from "../inspect/finding.ts";
import type { Spared, SparedReason, Step, StepKind } from "../plan/plan.ts";

type Evidence = Record<string, unknown>;

/** Every sentence about a finding. They tell facts: numbers, ids, times; never what a session or a log line says. */
const FINDINGS = {
  oversized: (e) => `${size(e.bytes)}, larger than ${size(e.limitBytes)}`,
  "rejection-logged": (e) => `the log shows ${lines(e)} in which the API rejects the conversation${placing(e)}`,
  "crash-logged": (e) => `the log shows ${lines(e)} in which the model's program failed${placing(e)}`,
  "lock-timeout-logged": (e) => `the log shows ${lines(e)} in which a session's lock was waited for in vain${until(e)}`,
  "stale-binding": () => "the registry binds a Claude Code session that holds no rows, so resuming it fails",
  "sqlite-era": () =>
    "this OpenClaw keeps its sessions in SQLite: nothing under its home is written; Claude Code's files are still looked after",
  "unknown-era": () =>
    "nothing tells which OpenClaw wrote this home, so the strictest rules hold; set openclaw.version in the configuration",
  "clock-stepped": (e) => `${e.because}: whatever depends on ages waits for a run that finds the clock steady`,
  unreadable: (e) => `cannot be read: ${e.message}`,
} satisfies Record<FindingKind, (evidence: Evidence) => string>;

/** What a step is called: before it is done, and after. */
const STEPS = {
  "archive-transcript": {
    plan: (s) => `archive it (${"reason" in s ? s.reason : ""})`,
    done: (_, d) => `archived ${size(d.bytes)} in ${size(d.gzipBytes)}`,
  },
  "append-note": {
    plan: () => "note the files it changed",
    done: (_, d) => `noted ${d.files === 1 ? "1 changed file" : `${d.files ?? "the"} changed files`}`,
  },
  "edit-registry": {
    plan: (s) =>
      "change" in s && s.change === "fresh-start"
        ? "give its registry entry a fresh start"
        : "clear its binding in the registry",
    done: (s) =>
      "change" in s && s.change === "fresh-start" ? "its registry entry has a fresh start" : "its binding is cleared",
  },
  "empty-transcript": {
    plan: () => "empty it",
    done: (_, d) => `emptied: ${size(d.bytesBefore)} before, ${size(d.bytesAfter)} now`,
  },
  "remove-transcript": {
    plan: () => "remove it, now that it is archived",
    done: (_, d) => `removed ${size(d.bytesBefore)}, now that it is archived`,
  },
  "prune-archive": { plan: () => "let the oldest archive go", done: () => "let the oldest archive go" },
  "restart-gateway": {
    plan: () => "restart the gateway",
    done: (_, d) => (d.healthy ? "restarted the gateway, and it is well" : "restarted the gateway"),
  },
} satisfies Record<StepKind, { plan: (step: Step) => string; done: (step: Step, detail: Evidence) => string }>;

/** Why something is left alone, and what a person can do about it. */
const SPARED = {
  personal: () => "a personal session, and those are not touched; name it with --session to rotate it",
  "personal-below-limit": () => "a personal session below claude.personalMaxSize",
  "personal-cut-only": () => "a personal session, to be cut only, which this version cannot do yet",
  unregistered: () => "no registry entry leads to it, so nothing makes it grow",
  unsafe: (detail) => detail,
  "strategy-missing": (detail) => `the strategy ${detail} is not part of this version; use auto or empty`,
  "sqlite-era": () => "it belongs to an OpenClaw that keeps its sessions in SQLite",
  "gateway-up": (detail) =>
    `${detail}, and this release's registry has no lock: rotate with the gateway stopped, or reset the session there (/reset in the chat, or: openclaw gateway call sessions.reset)`,
  healthy: () => "it is neither too large nor condemned; --force rotates it all the same",
  "clock-stepped": (detail) => `${detail}, so its age cannot be trusted in this run`,
  "foreign-writer": (detail) => detail,
  "no-restart-command": () => "the gateway was not restarted: no gateway.restart is configured",
  "restart-limit": (detail) => `the gateway was not restarted: ${detail}`,
} satisfies Record<SparedReason, (detail: string) => string>;

export function wordFinding({ kind, evidence }: Finding): string {
  return FINDINGS[kind](evidence);
}

export function wordPlanned(step: Step): string {
  return STEPS[step.kind].plan(step);
}

export function wordOutcome({ step, result, because, detail }: Outcome): string {
  if (result === "done") return STEPS[step.kind].done(step, detail) + (because ? ` (${because})` : "");
  const planned = STEPS[step.kind].plan(step);
  if (result === "already-done") return `${planned}: not needed${because ? `, ${because}` : ""}`;
  if (result === "failed") return `could not ${planned}: ${because}`;
  return `${planned} later: ${because}`;
}

export function wordSpared({ because, detail = "" }: Spared): string {
  return SPARED[because](detail);
}

function size(bytes: unknown): string {
  return typeof bytes === "number" ? formatSize(bytes) : "some bytes";
}

function lines(evidence: Evidence): string {
  return evidence.lines === 1 ? "a line" : `${evidence.lines} lines`;
}

function until(evidence: Evidence): string {
  return `, last at ${evidence.lastAt}`;
}

function placing(evidence: Evidence): string {
  const when = until(evidence);
  if (evidence.condemns || evidence.attribution === undefined) return when;
  if (evidence.attribution === "unknown") return `${when}; the session that it names is not here`;
  return `${when}; it names no session, and ${evidence.candidates} could be meant`;
}

/** For sentences that need a span of time. */
export function wordSpan(ms: number): string {
  return formatDuration(ms);
}
