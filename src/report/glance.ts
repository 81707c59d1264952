import { formatDuration, formatSize } from "../config/units.ts";
import type { StepKind } from "../plan/plan.ts";
import type { ArchiveStatus, InstallationStatus, LogStatus } from "../status/status.ts";
import { type InstallationReport, isOpen, type ReportedFinding } from "./document.ts";

export type Verdict = "healthy" | "attention" | "broken" | "failed";

/** An installation in words: how it is, what it is, and how everything in it stands. For the screen and for the page. */
export type Glance = { verdict: Verdict; counts: string; about: string; facts: { name: string; text: string }[] };

/** Puts what `status` found into words. */
export function atAGlance({ status, findings, failure }: InstallationReport, nowMs: number): Glance {
  const open = openTrouble(findings);
  const errors = open.filter(({ severity }) => severity === "error").length;
  const counts = [...countOf(errors, "error"), ...countOf(open.length - errors, "warning")].join(" and ");
  const verdict = failure ? "failed" : errors > 0 ? "broken" : open.length > 0 ? "attention" : "healthy";
  if (!status) return { verdict, counts, about: "", facts: [] };
  const release = status.version === undefined ? "" : `OpenClaw ${status.version}`;
  const about = [release, status.gateway?.because ?? ""].filter((part) => part !== "").join("; ");
  return {
    verdict,
    counts,
    about,
    facts: [
      { name: "locks", text: lockWords(status.locks) },
      { name: "registries", text: registryWords(status.registries) },
      { name: "archives", text: archiveWords(status.archives, nowMs) },
      { name: "log", text: logWords(status.log, nowMs) },
      ...Object.entries(status.runs).map(([name, mark]) => ({ name, text: runWords(mark, nowMs) })),
    ],
  };
}

/** The trouble that is still there, as the exit code counts it; errors first. */
export function openTrouble(findings: readonly ReportedFinding[]): ReportedFinding[] {
  const rank = ({ severity }: ReportedFinding) => (severity === "error" ? 0 : 1);
  return findings.filter(isOpen).toSorted((a, b) => rank(a) - rank(b));
}

/** How long ago something was; ISO time or epoch ms. */
export function agoOf(at: string | number, nowMs: number): string {
  return formatDuration(Math.max(0, nowMs - (typeof at === "number" ? at : Date.parse(at))));
}

function countOf(count: number, word: string): string[] {
  return count === 0 ? [] : [`${count} ${word}${count === 1 ? "" : "s"}`];
}

function lockWords({ held, stale, undecidable }: InstallationStatus["locks"]): string {
  const parts = [
    ...(held > 0 ? [`${held} held`] : []),
    ...(stale > 0 ? [`${stale} left behind`] : []),
    ...(undecidable > 0 ? [`${undecidable} that cannot be judged`] : []),
  ];
  return parts.length === 0 ? "none" : parts.join(", ");
}

function registryWords(registries: InstallationStatus["registries"]): string {
  if (registries.length === 0) return "none";
  return registries
    .map(({ agent, entries, transcripts, unregistered }) => {
      const lost = unregistered > 0 ? ` (${unregistered} without an entry)` : "";
      return `${agent}: ${count(entries, "entry", "entries")}, ${count(transcripts, "transcript", "transcripts")}${lost}`;
    })
    .join("; ");
}

function archiveWords({ count: archives, bytes, sessions, verified }: ArchiveStatus, nowMs: number): string {
  if (archives === 0) return "none yet";
  const sound = verified && (verified.bad === 0 ? "all" : String(verified.archives - verified.bad));
  const read = verified
    ? `read back ${agoOf(verified.at, nowMs)} ago, ${sound} of ${verified.archives} sound`
    : "no crontab has read them back yet: session-keeper restore verify --cron";
  return `${archives} of ${count(sessions, "session", "sessions")}, ${formatSize(bytes)}; ${read}`;
}

function logWords({ sources, windowMs, signatures }: LogStatus, nowMs: number): string {
  if (sources === 0) return "none known";
  const told = signatures.map(
    ({ kind, lines, lastAt }) => `${kind} ${count(lines, "time", "times")}, last ${agoOf(lastAt, nowMs)} ago`,
  );
  return `in the last ${formatDuration(windowMs)}: ${told.length === 0 ? "nothing of note" : told.join("; ")}`;
}

function runWords(mark: InstallationStatus["runs"][string], nowMs: number): string {
  if (!mark) return "never ran";
  const left =
    mark.failed > 0
      ? `, ${count(mark.failed, "step", "steps")} failed`
      : mark.open > 0
        ? `, left ${mark.open} open`
        : "";
  const ran = `ran ${agoOf(mark.at, nowMs)} ago${left}`;
  if (!mark.changed) return `${ran}; never had anything to do`;
  const did = Object.entries(mark.changed.did).map(([kind, times]) => `${DEEDS[kind] ?? kind} ${times}`);
  const when = mark.changed.at === mark.at ? "and" : `; ${agoOf(mark.changed.at, nowMs)} ago it`;
  return `${ran}${when === "and" ? " and" : when} ${did.join(", ")} (run ${mark.changed.runId})`;
}

/** What was done so many times: before the number. */
const DEEDS: Record<string, string> = {
  "archive-transcript": "archived",
  "append-note": "noted",
  "edit-registry": "put entries right:",
  "restore-registry": "restored registries:",
  "cut-transcript": "cut",
  "digest-transcript": "digested",
  "empty-transcript": "emptied",
  "repair-transcript": "mended",
  "remove-transcript": "removed",
  "remove-leftover": "removed leftovers:",
  "remove-lock": "removed locks:",
  "prune-archive": "let archives go:",
  "restart-gateway": "restarted the gateway:",
} satisfies Record<StepKind, string>;

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
