import { formatDuration, formatSize } from "../config/units.ts";
import type { InstallationStatus, SessionStatus } from "../status/status.ts";
import type { InstallationReport, ReportedFinding } from "./document.ts";
import { agoOf, atAGlance, openTrouble, type Verdict } from "./glance.ts";
import { isMendedByCommand, remedyFor } from "./mending.ts";
import { layOut, type Paint, type Style, shown } from "./screen.ts";
import { wrap } from "./wrap.ts";

export type StatusOptions = {
  /** columns */
  width: number;
  /** the terminal shows more than ASCII */
  unicode: boolean;
  verbose: boolean;
  /** as of `placesIn` */
  places: string;
  nowMs: number;
};

const STYLES = { healthy: "green", attention: "yellow", broken: "red", failed: "red" } satisfies Record<Verdict, Style>;

/** So many sessions are told; all that are known with `--verbose`. */
const SESSIONS_TOLD = 8;
/** And so many findings of one kind; just one where there is much to tell, so that it stays one screen. */
const ALIKE_TOLD = 3;
const FEW = 6;
/** Sooner than this a limit is worth a word. */
const SOON_MS = 7 * 86_400_000;
/** Narrower screens get no bars. */
const WIDTH_FOR_BARS = 72;
const BAR_CELLS = 10;

/** One installation at a glance: the verdict first, then what is wrong and what mends it, then how full everything is. */
export function statusLines(
  installation: InstallationReport,
  headline: string,
  paint: Paint,
  options: StatusOptions,
): string[] {
  const { status, findings, failure } = installation;
  const { verdict, counts, about, facts } = atAGlance(installation, options.nowMs);
  const { width } = options;
  const word = paint(STYLES[verdict], verdict.toUpperCase());
  const lines = wrap(`${word}  `, `${paint("bold", headline)}${counts === "" ? "" : `; ${counts}`}`, width, "  ");
  if (about !== "") lines.push(...wrap("  ", about, width));
  if (failure) lines.push(...wrap("  ", failure.message, width), ...wrap("  ", failure.hint, width));
  if (!status) return [...lines, ""];
  const trouble = troubleLines(openTrouble(findings), paint, options);
  if (trouble.length > 0) lines.push("", ...trouble);
  lines.push("", ...sessionLines(status.sessions, paint, options), "");
  const column = Math.max(...facts.map(({ name }) => name.length)) + 4;
  for (const { name, text } of facts)
    lines.push(...wrap(`  ${name.padEnd(column - 2)}`, shown(text), width, " ".repeat(width < 60 ? 4 : column)));
  return [...lines, ""];
}

/** What is wrong, errors first, each kind with its remedy. */
function troubleLines(open: readonly ReportedFinding[], paint: Paint, options: StatusOptions): string[] {
  const kinds = new Map<string, ReportedFinding[]>();
  for (const finding of open) kinds.set(finding.kind, [...(kinds.get(finding.kind) ?? []), finding]);
  const indent = " ".repeat(options.width < 60 ? 4 : 11);
  const alike = options.verbose ? open.length : open.length > FEW ? 1 : ALIKE_TOLD;
  const lines: string[] = [];
  for (const findings of kinds.values()) {
    const [first] = findings;
    if (!first) continue;
    for (const finding of findings.slice(0, alike)) {
      const label = paint(finding.severity === "error" ? "red" : "yellow", finding.severity.padEnd(7));
      lines.push(
        ...wrap(`  ${label}  `, `${shown(finding.message)} (${finding.kind})`, options.width, indent),
        ...wrap(indent, whereAndSince(finding, options), options.width).map((line) => paint("dim", line)),
      );
    }
    const more = findings.length - alike;
    if (more > 0) lines.push(`${indent}and ${more} more of this kind`);
    const helped = findings.find(isMendedByCommand);
    const word = helped ? "mend it:" : "what to do:";
    lines.push(`${indent}${paint("cyan", word)} ${remedyFor(helped ?? first, options.places)}`); // whole, so that it can be copied
  }
  return lines;
}

function whereAndSince(
  { sessionKey, sessionId, path, line, since, evidence }: ReportedFinding,
  { nowMs }: StatusOptions,
) {
  const who = sessionKey ?? (sessionId === undefined ? (path ?? "here") : `session ${sessionId}`);
  const first = since ?? (typeof evidence.firstAt === "string" ? evidence.firstAt : undefined);
  return [
    shown(who),
    ...(line === undefined ? [] : [`line ${line}`]),
    ...(first === undefined ? [] : [`for ${agoOf(first, nowMs)}`]),
  ].join(", ");
}

function sessionLines(
  { total, bytes, fullest }: InstallationStatus["sessions"],
  paint: Paint,
  options: StatusOptions,
): string[] {
  if (total === 0) return ["  no sessions"];
  const told = options.verbose ? fullest : fullest.slice(0, SESSIONS_TOLD);
  const rest = total > told.length ? "; the fullest" : "";
  const lines = [`  ${total === 1 ? "1 session" : `${total} sessions`}, ${formatSize(bytes)}${rest}`];
  const nameWidth = options.width < WIDTH_FOR_BARS ? Math.max(10, options.width - 28) : options.width - 46;
  const rows = told.flatMap((session) => sessionRows(session, Math.min(nameWidth, 50), options));
  lines.push(...layOut(rows, [1]).map((line) => `    ${line}`));
  const soon = ({ reachesLimitAt }: SessionStatus) => Date.parse(reachesLimitAt ?? "") - options.nowMs < SOON_MS;
  for (const session of told.filter((one) => (options.verbose ? one.reachesLimitAt !== undefined : soon(one))))
    lines.push(...wrap("    ", growthWords(session, options), options.width).map((line) => paint("dim", line)));
  return lines;
}

function sessionRows(session: SessionStatus, nameWidth: number, options: StatusOptions): string[][] {
  const { sessionKey, sessionId, owner, bytes, limitBytes, tokens, inUse } = session;
  const full = shown(sessionKey ?? `${owner === "personal" ? "personal" : "session"} ${sessionId}`);
  const name = full.length <= nameWidth ? full : `${full.slice(0, nameWidth - 2)}..`;
  const size = limitBytes === null ? formatSize(bytes) : `${formatSize(bytes)} of ${formatSize(limitBytes)}`;
  const use = inUse && options.width >= WIDTH_FOR_BARS ? "in use" : "";
  const rows = [[name, size, barOf(bytes, limitBytes, options), use]];
  if (tokens) {
    const told = `${thousands(tokens.count)} of ${thousands(tokens.critical)}`;
    rows.push(["  tokens", told, barOf(tokens.count, tokens.critical, options), ""]);
  }
  return rows;
}

function barOf(value: number, limit: number | null, { unicode, width }: StatusOptions): string {
  if (limit === null) return "";
  const percent = `${Math.round((value / limit) * 100)}%`.padStart(4);
  if (width < WIDTH_FOR_BARS) return percent;
  const cells = Math.min(BAR_CELLS, Math.round((value / limit) * BAR_CELLS));
  const [full, empty] = unicode ? ["█", "░"] : ["#", "."];
  return `${full.repeat(cells)}${empty.repeat(BAR_CELLS - cells)} ${percent}`;
}

function growthWords({ bytesPerDay, reachesLimitAt, sessionKey, sessionId }: SessionStatus, { nowMs }: StatusOptions) {
  const inMs = Date.parse(reachesLimitAt ?? "") - nowMs;
  return `${shown(sessionKey ?? sessionId)} grows by ${formatSize(bytesPerDay ?? 0)} a day: full in ${formatDuration(inMs)}`;
}

function thousands(count: number): string {
  return count < 1000 ? String(count) : `${Math.round(count / 1000)}k`;
}
