import { formatSize } from "../config/units.ts";
import type { FindingKind } from "../inspect/finding.ts";
import type { SparedReason } from "../plan/plan.ts";
import type { InstallationReport, ReportedAction, ReportedFinding, ReportedSpared } from "./document.ts";
import { labelled, type Paint } from "./screen.ts";

/** All that is told of one path. */
export type Subject = {
  path: string | undefined;
  findings: ReportedFinding[];
  actions: ReportedAction[];
  spared: ReportedSpared[];
};

/** So many of one kind are told one by one. */
const TOLD_SINGLY = 6;

/** What is told of each path: what was acted on first, then other trouble, then what is only mentioned; last what has no path. */
export function subjectsOf({ findings, actions: steps, spared }: InstallationReport): Subject[] {
  const actions = steps.filter(({ kind }) => kind !== "notify"); // an alert is about all of it
  const subjects = new Map<string, Subject>();
  const at = ({ path, sessionKey }: { path?: string; sessionKey?: string }): Subject => {
    const name = isTranscript(path) ? path : `${path} ${sessionKey}`; // a registry is about many sessions
    const subject = subjects.get(name) ?? { path, findings: [], actions: [], spared: [] };
    subjects.set(name, subject);
    return subject;
  };
  for (const one of [...actions, ...findings.filter(({ severity }) => severity !== "info")]) at(one);
  for (const finding of findings) at(finding).findings.push(finding);
  for (const action of actions) at(action).actions.push(action);
  for (const one of spared) at(one).spared.push(one);
  const all = [...subjects.values()];
  return [...all.filter(({ path }) => path !== undefined), ...all.filter(({ path }) => path === undefined)];
}

function isTranscript(path: string | undefined): path is string {
  return path?.includes(".jsonl") === true;
}

/** Puts together of which there are too many to be read, and which had the same fate; trouble is told singly. */
export function putTogether(subjects: readonly Subject[]): (Subject | Subject[])[] {
  const fates = new Map<string, Subject[]>();
  for (const subject of subjects) {
    const fate = fateOf(subject);
    const alike = fates.get(fate);
    if (alike) alike.push(subject);
    else fates.set(fate, [subject]);
  }
  return [...fates.values()].flatMap((alike) =>
    alike.length > TOLD_SINGLY && alike.every(isOrdinary) ? [alike] : alike,
  );
}

function fateOf({ findings, actions, spared }: Subject): string {
  const seen = [...new Set(findings.map(({ kind }) => kind))];
  const done = actions.map(({ kind, result }) => `${kind} ${result}`);
  return [...seen, ...done, ...spared.map(({ because }) => because)].join(", ");
}

function isOrdinary({ path, findings, actions }: Subject): boolean {
  return (
    path !== undefined &&
    actions.every(({ result }) => result !== "failed") &&
    findings.every(({ severity, resolved }) => severity === "info" || resolved)
  );
}

/** Many of one fate, in a few lines. */
export function tellMany(alike: readonly Subject[], dryRun: boolean, paint: Paint): string[] {
  const [first] = alike;
  if (!first) return [];
  const lines = [`  ${paint("bold", `${alike.length} ${wordFor(first)}`)}`];
  for (const kind of new Set(first.findings.map((finding) => finding.kind))) {
    const bytes = sum(alike.flatMap(({ findings }) => findings.map(({ evidence }) => evidence.bytes)));
    lines.push(
      labelled("seen", `${SEEN[kind] ?? kind}${bytes > 0 ? `, ${formatSize(bytes)} in all` : ""}`, "yellow", paint),
    );
  }
  for (const { kind, result } of first.actions) {
    const same = alike.flatMap(({ actions }) => actions.filter((action) => action.kind === kind));
    const bytes = kind === "archive-transcript" ? sum(same.map(({ detail }) => detail?.bytes)) : 0;
    const text = `${DONE[kind]}${bytes > 0 ? ` (${formatSize(bytes)})` : ""}`;
    if (result === "planned") lines.push(labelled(dryRun ? "would" : "will", text, "cyan", paint));
    else if (result === "done") lines.push(labelled("done", text, "green", paint));
    else if (result !== "already-done") lines.push(labelled("waits", text, "yellow", paint));
  }
  for (const { because, message } of first.spared)
    lines.push(labelled("left", SHORTLY[because] ?? message, "cyan", paint));
  return lines;
}

function wordFor({ findings, actions }: Subject): string {
  if (actions.some(({ kind }) => kind === "prune-archive")) return "archives";
  if (findings.some(({ kind }) => kind === "leftover")) return "files that are left over";
  return findings.some(({ kind }) => kind.endsWith("lock")) ? "locks" : "sessions";
}

const SEEN: Partial<Record<FindingKind, string>> = {
  "unregistered-transcript": "no registry entry leads to them (unregistered-transcript)",
  "missing-transcript": "their transcripts are not there (missing-transcript)",
  "idle-session": "nothing has happened in them for long (idle-session)",
  leftover: "left behind by sessions and writes of former times (leftover)",
  "sweep-ahead": "Claude Code is about to delete them (sweep-ahead)",
  "stale-lock": "their owners are gone (stale-lock)",
};

/** Of sessions, or whatever there are many of. */
const DONE: Record<ReportedAction["kind"], string> = {
  "archive-transcript": "archived",
  "append-note": "the files that they changed noted",
  "edit-registry": "their registry entries put right: entered, corrected, given a fresh start, or taken out",
  "cut-transcript": "cut at their last compaction",
  "digest-transcript": "a digest left of each",
  "empty-transcript": "emptied",
  "repair-transcript": "mended",
  "remove-transcript": "removed",
  "remove-leftover": "removed",
  "remove-lock": "removed",
  "prune-archive": "let go",
  "restart-gateway": "the gateway restarted",
  notify: "told",
};

/** Where the sentence for one speaks of its id or path. */
const SHORTLY: Partial<Record<SparedReason, string>> = {
  personal: "personal sessions are not touched",
  healthy: "they are neither too large nor condemned",
};

function sum(numbers: readonly unknown[]): number {
  return numbers.reduce((total: number, number) => total + (typeof number === "number" ? number : 0), 0);
}
