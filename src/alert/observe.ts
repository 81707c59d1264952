import { existsSync } from "node:fs";
import { dirname, sep } from "node:path";
import type { InstallationReport, ReportDocument, ReportedAction, ReportedFinding } from "../report/document.ts";
import type { Observation, Trouble } from "./incident.ts";

/** What is known of an installation besides its report. `looked`: the transcripts that were looked at; absent: all there are. */
export type Place = { scope: string; looked?: ReadonlySet<string> };

/**
 * `isPartial`: the run was stopped, or told to look at some sessions only, so that what it does not tell of may still be there.
 * `on`: what is told.
 */
type RunFacts = { isPartial: boolean; on: readonly string[] };

/** What a run says of one installation that it looked at, as far as it is worth an alert. */
export function observe(report: InstallationReport, place: Place, { isPartial, on }: RunFacts): Observation {
  const corrupt = bySubject(report.findings.filter(isCorruption));
  const open = corrupt.filter((findings) => findings.some(({ resolved }) => !resolved)).map(corruptionOf);
  const mended = corrupt.filter((findings) => findings.every(({ resolved }) => resolved)).map(corruptionOf);
  // that a broken session could not be mended is told with what is broken
  const told = new Set(on.includes("corruption") ? open.map(({ path }) => path) : []);
  const failed = report.actions.filter(({ result, path }) => result === "failed" && !(path && told.has(path)));
  return {
    ...{ scope: place.scope, installation: report.name, mended },
    open: [...open, ...new Map(failed.map((action) => [subjectOf(action), failedStep(action)])).values()],
    hasRepaired: report.actions.some(isRepair),
    wouldFind: (trouble) => !isPartial && !report.failure && wouldFind(trouble, report, place),
  };
}

/** What a run says of an installation as a whole: whether it could be looked after. */
export function observeFailure({ name, failure }: InstallationReport, { isPartial }: RunFacts): Observation {
  const isTrouble = failure !== undefined && !QUIET_FAILURES.has(failure.code);
  return {
    ...{ scope: `name:${name}`, installation: name, mended: [], hasRepaired: false },
    open: isTrouble ? [failureOf("installation", failure.code)] : [],
    wouldFind: () => failure === undefined && !isPartial,
  };
}

/** What a run says that could not do its work at all. */
export function observeRun({ error }: Pick<ReportDocument, "error">, { isPartial }: RunFacts): Observation {
  const isTrouble = error !== undefined && !QUIET_FAILURES.has(error.code);
  return {
    ...{ scope: "run", installation: null, mended: [], hasRepaired: false },
    open: isTrouble ? [failureOf("run", error.code)] : [],
    wouldFind: () => error === undefined && !isPartial,
  };
}

/** Another run is at work, or somebody stopped this one: neither is trouble. */
const QUIET_FAILURES: ReadonlySet<string> = new Set(["locked", "stopped"]);

/**
 * An error in a session, a registry or an archive; or what condemned a session. What a person pasted is known to that person, and
 * what a row of the transcript tells of a former rejection stays true after it is mended.
 */
function isCorruption({ kind, severity, evidence }: ReportedFinding): boolean {
  if (evidence.witness !== undefined) return false;
  if (kind === "crash-logged") return severity !== "info" && evidence.condemns === true;
  return severity === "error" && !OTHER_ERRORS.has(kind);
}

const OTHER_ERRORS: ReadonlySet<string> = new Set<ReportedFinding["kind"]>(["tokens-critical", "clock-stepped"]);

/** Something that was broken was put right, given up, or restarted for that. To shorten what is merely large is no repair. */
export function isRepair({ kind, result, because }: ReportedAction): boolean {
  if (result !== "done") return false;
  if (ALWAYS_REPAIRS.has(kind)) return true;
  const isForSize = because.every((one) => ORDINARY.has(one));
  return GIVING_UP.has(kind) && !isForSize;
}

const ALWAYS_REPAIRS: ReadonlySet<string> = new Set<ReportedAction["kind"]>(["repair-transcript", "restart-gateway"]);
const GIVING_UP: ReadonlySet<string> = new Set<ReportedAction["kind"]>([
  "digest-transcript",
  "empty-transcript",
  "remove-transcript",
  "edit-registry",
]);
/** What the daily work of `rotate` and `archive` is about. */
const ORDINARY: ReadonlySet<string> = new Set<ReportedFinding["kind"]>([
  "oversized",
  "growing",
  "idle-session",
  "leftover",
  "sweep-ahead",
]);

function bySubject(findings: readonly ReportedFinding[]): [ReportedFinding, ...ReportedFinding[]][] {
  const groups = new Map<string, [ReportedFinding, ...ReportedFinding[]]>();
  for (const finding of findings) {
    const group = groups.get(subjectOf(finding));
    if (group) group.push(finding);
    else groups.set(subjectOf(finding), [finding]);
  }
  return [...groups.values()];
}

function subjectOf({ path, sessionKey, sessionId, kind }: ReportedFinding | ReportedAction): string {
  return path ?? sessionKey ?? sessionId ?? kind;
}

function corruptionOf(findings: [ReportedFinding, ...ReportedFinding[]]): Trouble {
  const [first] = findings;
  // a line of a log that names no session is read once, and nothing tells whether it still holds
  const isLasting = findings.every(({ evidence }) => evidence.attribution !== undefined);
  return {
    kind: "corruption",
    subject: subjectOf(first),
    ...about(first),
    kinds: [...new Set(findings.map(({ kind }) => kind))],
    ...(isLasting ? { isLasting } : {}),
  };
}

function failedStep(action: ReportedAction): Trouble {
  const isRestart = action.kind === "restart-gateway"; // the next runs do not try for ever
  return {
    kind: "failure",
    subject: subjectOf(action),
    ...about(action),
    kinds: [action.kind],
    ...(isRestart ? { isLasting: true } : {}),
  };
}

function failureOf(subject: string, code: string): Trouble {
  return { kind: "failure", subject, kinds: [code] };
}

function about({ path, sessionId, sessionKey }: ReportedFinding | ReportedAction): Partial<Trouble> {
  return { ...(path ? { path } : {}), ...(sessionId ? { sessionId } : {}), ...(sessionKey ? { sessionKey } : {}) };
}

/** Nothing of it is there any more, and nothing kept the run from seeing that. */
function wouldFind({ subject, path, isLasting }: Trouble, report: InstallationReport, { looked }: Place): boolean {
  const { findings, actions } = report;
  if (isLasting) return actions.some((action) => action.result === "done" && subjectOf(action) === subject);
  const left = actions.some((action) => subjectOf(action) === subject && UNSETTLED.has(action.result));
  if (left || path === undefined) return !left;
  if (looked && !looked.has(path)) return false;
  if (!existsSync(dirname(path))) return false; // a folder that vanished makes nothing well
  return !findings.some(
    (one) =>
      (one.path === path && (one.kind === "oversized" || (one.severity !== "info" && !one.resolved))) ||
      (one.kind === "unreadable" && path.startsWith(`${one.path}${sep}`)),
  );
}

const UNSETTLED: ReadonlySet<string> = new Set<ReportedAction["result"]>(["failed", "busy", "changed-since-plan"]);
