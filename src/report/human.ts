import { styleText } from "node:util";
import { formatSize } from "../config/units.ts";
import { toAscii } from "./ascii.ts";
import { containerLines } from "./container-lines.ts";
import type { InstallationReport, ReportDocument, ReportedAction, ReportedFinding } from "./document.ts";
import { tellExplanations, whereToReadOn } from "./explain-lines.ts";
import { canUndo } from "./lasting.ts";
import { putTogether, type Subject, subjectsOf, tellMany } from "./many.ts";
import { hasNews, withoutTold } from "./news.ts";
import { tellRestore } from "./restore-lines.ts";
import { labelled, type Paint, quoted, shown } from "./screen.ts";
import { setupLines } from "./setup-lines.ts";
import { statusLines } from "./status-screen.ts";
import { fold, keptWhole } from "./wrap.ts";

/** What goes to stdout and what to stderr. */
export type Screen = { results: string; problems: string };

export type HumanOptions = {
  isTerminal: boolean;
  /** of the results, and of the problems: each goes to a stream of its own */
  color: boolean;
  problemsColor: boolean;
  verbose: boolean;
  quiet: boolean;
  /** a crontab run: only what is new */
  onlyNew: boolean;
  /** the options that lead a further command to the same homes, as words of a shell; empty where none were given */
  places: string;
  /** columns of the terminal */
  width: number;
  /** it shows more than ASCII */
  unicode: boolean;
};

/** What a run that found nothing has seen. */
const HEALTHY: Record<string, string> = {
  rotate: "no session is too large or broken, and the log condemns none",
  "detect-corruption": "nothing is broken, and the log tells of no trouble",
  "clean-locks": "no lock was left behind",
  "validate-registry": "every session has its entry, and every entry its session",
  archive: "no session is idle, nothing is left over, and no archive too many",
};

/** More are counted. */
const LINES_TOLD = 12;

const PROGRAMS: Record<string, string> = { openclaw: "OpenClaw", "claude-code": "Claude Code" };
/** A run of another of ours that lasts longer than this is worth a word, even from a crontab. */
const LONG_RUN_MS = 30 * 60_000;

/** The report as people read it. Away from a terminal, a healthy run that did nothing has nothing to say. */
export function renderForPeople(report: ReportDocument, options: HumanOptions): Screen {
  const paint = paintFor(options.color);
  const paintProblem = paintFor(options.problemsColor);
  const columns = options.isTerminal || report.explanations ? options.width : undefined;
  const results: string[] = [];
  const problems: string[] = [];
  if (report.command === "setup") results.push(...setupLines(report, headline, options, paint));
  if (report.explanations) results.push(...tellExplanations(report.explanations, paint));
  for (const installation of report.installations) {
    const isToldBelow = report.command === "status";
    if (installation.failure && !isToldBelow && !isSilentFailure(installation.failure, options))
      problems.push(...failureLines(installation, paintProblem));
    if (report.command === "setup") continue; // told above
    if (report.command === "status") {
      results.push(...statusLines(installation, headline(installation), paint, { ...options, nowMs: Date.now() }));
    } else if (report.verb !== undefined) {
      const told = tellRestore(installation, report, headline(installation), columns, paint);
      if (!options.quiet && !installation.failure) results.push(...told.results);
      problems.push(...told.problems);
    } else if (!options.quiet && isWorthTelling(installation, options)) {
      const told = isOnlyNew(options) ? withoutTold(installation) : installation;
      results.push(...installationLines(told, report, options, paint));
    }
  }
  for (const installation of report.installations) {
    for (const action of installation.actions.filter(({ result }) => result === "failed"))
      if (!isOnlyNew(options) || !action.isTold) problems.push(...actionProblem(installation, action, paintProblem));
  }
  const isTold = report.installations.some(({ failure }) => failure && failure === report.error);
  if (report.error && !isTold)
    problems.push(`${paintProblem("red", "session-keeper:")} ${report.error.message}`, `  ${report.error.hint}`);
  if (results.length > 0 && report.verb === undefined && report.command !== "status" && !report.explanations)
    results.push(...closingLines(report, options, paint));
  const isToldThere = report.command === "status" || report.command === "setup"; // each with its remedy
  const more =
    options.isTerminal && !isToldThere && results.length > 0 ? whereToReadOn(report.installations) : undefined;
  if (more) results.push(paint("dim", more));
  const isAsItStands = options.unicode || report.text !== undefined;
  const spell = (line: string) => (isAsItStands ? line : toAscii(line, options.isTerminal));
  return { results: join(results.map(spell), columns), problems: join(problems.map(spell), columns) };
}

function paintFor(color: boolean): Paint {
  return (style, text) => (color ? styleText(style, text, { validateStream: false }) : text);
}

function isOnlyNew({ onlyNew, verbose }: HumanOptions): boolean {
  return onlyNew && !verbose;
}

function isWorthTelling(installation: InstallationReport, options: HumanOptions): boolean {
  const { findings, actions, failure } = installation;
  if (isOnlyNew(options) && !hasNews(installation)) return false;
  if (failure && findings.length === 0 && actions.length === 0) return false;
  return (
    options.isTerminal ||
    options.verbose ||
    actions.some(({ kind }) => kind !== "notify") ||
    findings.some(({ severity }) => severity !== "info")
  );
}

function isSilentFailure(failure: NonNullable<InstallationReport["failure"]>, { onlyNew }: HumanOptions): boolean {
  return onlyNew && failure.code === "locked" && Date.now() - (failure.sinceMs ?? 0) < LONG_RUN_MS;
}

function installationLines(
  installation: InstallationReport,
  { command, dryRun }: ReportDocument,
  options: HumanOptions,
  paint: Paint,
): string[] {
  const lines = [paint("bold", headline(installation))];
  if (options.verbose) lines.push(...containerLines(installation));
  const subjects = subjectsOf(installation);
  for (const told of options.verbose ? subjects : putTogether(subjects)) {
    const text = Array.isArray(told)
      ? tellMany(told, dryRun, paint)
      : subjectLines(told, installation, dryRun, options, paint);
    lines.push("", ...text);
  }
  if (subjects.length === 0)
    lines.push(
      ...(installation.dialects.length > 0
        ? [`  ${paint("green", "healthy")}: ${HEALTHY[command] ?? "nothing to do"}`]
        : []),
    );
  const alerts = installation.actions.filter(({ kind }) => kind === "notify");
  if (alerts.length > 0) lines.push("", ...alerts.map((alert) => alertLine(alert, paint)));
  lines.push("");
  return lines;
}

function headline({ name, dialects, era, failure }: InstallationReport): string {
  const programs = dialects.map((dialect) =>
    dialect === "openclaw" && era ? `OpenClaw (era ${era})` : (PROGRAMS[dialect] ?? dialect),
  );
  if (programs.length === 0 && failure) return name;
  return programs.length === 0
    ? `${name}: nothing to look after, because there is no ~/.openclaw and no ~/.claude here; name them with --openclaw-home and --claude-home, or in a configuration`
    : `${name}: ${programs.join(" and ")}`;
}

/** One session, or one other thing: what was found about it, what was or would be done, why it was left alone. */
function subjectLines(
  { path, findings, actions, spared }: Subject,
  installation: InstallationReport,
  dryRun: boolean,
  options: HumanOptions,
  paint: Paint,
): string[] {
  const known = [...findings, ...actions, ...spared].find((item) => "sessionId" in item && item.sessionId);
  const isPersonal = spared.some(({ because }) => because.startsWith("personal"));
  const title =
    path === undefined
      ? findings.some(({ evidence }) => evidence.witness === "pasted")
        ? "the pasted error"
        : "the gateway"
      : (known?.sessionKey ?? (isPersonal ? "a personal session" : "a session without a registry entry"));
  const isTitled = path === undefined || (known !== undefined && installation.name !== "files");
  const lines = isTitled ? [`  ${paint("bold", title)}`] : [];
  if (path !== undefined)
    lines.push(isTitled ? `    ${paint("dim", keptWhole(shown(path)))}` : `  ${paint("bold", keptWhole(shown(path)))}`);
  for (const alike of groupAlike(findings, options.verbose)) {
    const [{ kind, severity, message }] = alike;
    const where = linesOf(alike);
    lines.push(
      labelled(
        severity === "info" ? "seen" : "found",
        `${where}${message} (${kind})`,
        severity === "error" ? "red" : "yellow",
        paint,
      ),
    );
  }
  for (const action of actions) lines.push(...actionLines(action, dryRun, options, paint));
  for (const { message } of spared) lines.push(labelled("left", message, "cyan", paint));
  return lines;
}

type Alike = [ReportedFinding, ...ReportedFinding[]];

function alertLine({ result, message }: ReportedAction, paint: Paint): string {
  return labelled("alert", message, result === "done" ? "green" : "yellow", paint);
}

/** Many findings that say the same are told as one; all of them when more is asked for, and in JSON. */
function groupAlike(findings: readonly ReportedFinding[], verbose: boolean): Alike[] {
  const groups = new Map<string, Alike>();
  for (const finding of findings) {
    const key = verbose ? String(groups.size) : `${finding.kind} ${finding.message}`;
    const group = groups.get(key);
    if (group) group.push(finding);
    else groups.set(key, [finding]);
  }
  return [...groups.values()];
}

function linesOf(findings: readonly ReportedFinding[]): string {
  const lines = findings.flatMap(({ line }) => line ?? []);
  const [first] = lines;
  if (first === undefined) return "";
  if (lines.length === 1) return `line ${first}: `;
  const told = lines.slice(0, LINES_TOLD).join(", ");
  return lines.length > LINES_TOLD ? `${lines.length} lines, from line ${first} on: ` : `lines ${told}: `;
}

function actionLines(action: ReportedAction, dryRun: boolean, { verbose }: HumanOptions, paint: Paint): string[] {
  const { result, message, detail, path } = action;
  const where = [detail?.archive, detail?.note, detail?.registry].find(
    (place) => typeof place === "string" && place !== path,
  );
  const place = where ? [`           ${paint("dim", keptWhole(shown(String(where))))}`] : [];
  if (result === "planned") return [labelled(dryRun ? "would" : "will", message, "cyan", paint), ...place];
  if (result === "done") return [labelled("done", message, "green", paint), ...place];
  if (result === "already-done") return verbose || where ? [labelled("done", message, "green", paint), ...place] : [];
  return [labelled(result === "failed" ? "FAILED" : "waits", message, result === "failed" ? "red" : "yellow", paint)];
}

const TO_MEND =
  "nothing was changed; to mend what can be mended, add --repair: the original goes into an archive first";
const TO_PUT_RIGHT =
  "nothing was changed; to put right what can be, add --repair: a copy of the registry is laid beside it first";

function canMend(installations: readonly InstallationReport[]): boolean {
  const findings = installations.flatMap((installation) => installation.findings);
  const isSpared = installations.some(({ spared }) => spared.length > 0);
  return (
    !isSpared &&
    findings.some(({ severity, evidence: { repair } }) => severity !== "info" && repair && repair !== "none")
  );
}

function closingLines(
  { command, dryRun, runId, summary, installations }: ReportDocument,
  { places }: HumanOptions,
  paint: Paint,
): string[] {
  const actions = installations.flatMap((installation) => installation.actions).filter(({ kind }) => kind !== "notify");
  const steps = actions.filter(({ result }) => result === "done").length;
  const count = (kind: ReportedAction["kind"], result: ReportedAction["result"]) =>
    actions.filter((action) => action.kind === kind && action.result === result).length;
  if (dryRun) {
    const archives = actions.filter(({ kind, result }) => kind === "archive-transcript" && result === "planned");
    const bytes = archives.reduce((sum, { detail }) => sum + Number(detail?.bytes ?? 0), 0);
    const what = archives.length > 0 ? `; ${sessions(archives.length)} would be archived (${formatSize(bytes)})` : "";
    return [paint("dim", `dry run: nothing was changed${what}`)];
  }
  if (steps === 0) {
    const hint = command === "validate-registry" ? TO_PUT_RIGHT : TO_MEND;
    return actions.length === 0 && canMend(installations) ? [paint("dim", hint)] : [];
  }
  const archived = actions.filter(({ kind, result }) => kind === "archive-transcript" && result === "done");
  const parts = [
    ...(archived.length > 0 ? [`${sessions(archived.length)} archived (${formatSize(summary.bytesArchived)})`] : []),
    ...(count("restart-gateway", "done") > 0 ? ["the gateway restarted"] : []),
    ...(archived.length === 0 ? [`${steps} ${steps === 1 ? "step" : "steps"} done`] : []),
  ];
  const lines = [`run ${runId}: ${parts.join(", ")}`];
  if (archived.length > 0)
    lines.push(
      `to read an archived session: ${keptWhole(`zcat ${archived.length === 1 ? quoted(String(archived[0]?.detail?.archive)) : "ARCHIVE"} | less`)}`,
    );
  if (canUndo(actions)) lines.push(`to undo it: ${keptWhole(`session-keeper restore undo ${runId}${places}`)}`);
  return lines;
}

function sessions(count: number): string {
  return count === 1 ? "1 session" : `${count} sessions`;
}

function failureLines({ name, failure }: InstallationReport, paint: Paint): string[] {
  return failure ? [`${paint("red", `${name}:`)} ${failure.message}`, `  ${failure.hint}`] : [];
}

function actionProblem({ name }: InstallationReport, { message, hint, path }: ReportedAction, paint: Paint): string[] {
  return [`${paint("red", `${name}:`)} ${message}${path ? ` [${shown(path)}]` : ""}`, ...(hint ? [`  ${hint}`] : [])];
}

function join(lines: readonly string[], columns: number | undefined): string {
  const folded = lines.flatMap((line) => fold(line, columns));
  return folded.length === 0 ? "" : `${folded.join("\n").trimEnd()}\n`;
}
