import type { FileHandle } from "node:fs/promises";
import type { Dialect, Row, RowShape } from "../dialects/dialect.ts";
import { findMembers } from "../json/json-text.ts";
import { checkClaudeCode } from "./check-claude-code.ts";
import { checkOpenClaw } from "./check-openclaw.ts";
import type { Break, Checker, CheckerOptions, Drop, Past } from "./checker.ts";
import { confirmBreaks } from "./confirm-breaks.ts";
import type { Damage, LiveRow, Place, Where } from "./damage.ts";
import { hasLoneSurrogate, type LineRead, loneSurrogatesIn, parseLine, type RowReader } from "./read-rows.ts";
import { examineUnreadable, type Unreadable } from "./unreadable.ts";

const checkers: Record<Dialect["name"], (options: CheckerOptions) => Checker> = {
  "claude-code": checkClaudeCode,
  openclaw: checkOpenClaw,
};

/** A line that is no row, where it stands, and whether rows can be saved from it. */
export type UnreadableLine = Pick<Unreadable, "kind" | "reason" | "ids"> & { where: Where; isSaved: boolean };

/** The first row that matters after the last compaction, and what is known of the part before: where a later look may go on. */
export type ResumePoint = { at: number; line: number; past: Past };

/** A metadata row that names another: the one from which a resume starts, or the end of what it is a title for. */
type LeafRow = { where: Where; pointsTo: string; isTitle: boolean };

type HalfCharacter = Where & { place: Place };

/** What a look at a transcript's structure found, with all that mending needs. */
export type Scan = {
  /** in the order of the file */
  damages: Damage[];
  rows: readonly LiveRow[];
  boundary: LiveRow | undefined;
  /** after the last compaction */
  leaves: readonly LeafRow[];
  drops: ReadonlyMap<LiveRow, Drop>;
  /** rows that have to hang on another one */
  bridges: readonly Break[];
  /** in what is sent, or in the way of it */
  unreadable: readonly UnreadableLine[];
  /** rows with half a character in what is sent */
  halfCharacters: readonly Where[];
  /** rows that tell of an error of the API, after the last successful reply */
  errorReports: readonly Where[];
  resume: ResumePoint | undefined;
  /** a last line was still being written: it has to be looked at again */
  isUnsettled: boolean;
};

export type ScanOptions = {
  read: RowReader;
  from?: ResumePoint;
  /** asked only when the last line breaks off: a row that is just being written is no damage */
  isBeingWritten: () => boolean;
  signal?: AbortSignal;
};

const ERROR_REPORTS = 20;
/** A longer line is not taken apart, and is left as it is: what stands in it is for a person to see. */
const LONGEST_EXAMINED_BYTES = 64 * 1024 * 1024;
const TOO_LONG: Unreadable = { kind: "broken-line", reason: "too-long", rows: [], ids: [] };
/** Above this size, Claude Code 2.1.69 to 2.1.120 end the load of a transcript at the first line that they cannot read. */
const WHOLE_LOAD_BYTES = 5 * 1024 * 1024;

/** Looks at how the rows of a transcript hang together, in one pass over its bytes. Reads only. */
export async function scanTranscript(
  file: FileHandle,
  sizeBytes: number,
  dialect: Dialect,
  options: ScanOptions,
  keepAll = false,
): Promise<Scan> {
  const { from, read, signal } = options;
  const [ofLines, knownRows] = partition(from?.past.damages ?? [], ({ kind, reason }) => isOfLine(kind, reason));
  const checker = checkers[dialect.name]({ keepAll, ...(from ? { past: { ...from.past, damages: knownRows } } : {}) });
  const unreadable: UnreadableLine[] = [];
  const halves: HalfCharacter[] = [];
  let errorReports: Where[] = [];
  let leaves: LeafRow[] = [];
  let firstRowLine: number | undefined;
  let isUnsettled = false;

  const takeRow = (row: Row, where: Where, whole?: () => Buffer): RowShape => {
    let shape = dialect.shapeOf(row);
    if (whole && needsWhole(shape, errorReports.length > 0))
      shape = dialect.shapeOf(parseLine(whole(), where.at) as Row);
    const live = shape as LiveRow; // made for this, and nobody else's: a copy of each would cost a tenth of the time
    live.where = where;
    checker.add(live);
    firstRowLine ??= where.line;
    if (shape.role === "boundary" && shape.isMain) leaves = leaves.filter(({ isTitle }) => isTitle);
    const isTitle = shape.role === "title";
    if ((isTitle || shape.role === "leaf") && shape.id === undefined && shape.pointsTo !== undefined)
      leaves.push({ where, pointsTo: shape.pointsTo, isTitle });
    if (shape.isErrorReport && shape.isMain) errorReports = [...errorReports, where].slice(-ERROR_REPORTS);
    else if (errorReports.length > 0 && isReply(shape)) errorReports = [];
    return shape;
  };
  const takeUnreadable = (line: LineRead, where: Where) => {
    const isLast = where.at + where.bytes + 1 >= sizeBytes;
    const found = line.bytes > LONGEST_EXAMINED_BYTES ? TOO_LONG : examineUnreadable(line.whole(), isLast);
    if (isLast && found.rows.length === 0 && found.kind !== "nul-run" && options.isBeingWritten()) {
      isUnsettled = true;
      return;
    }
    const { kind, reason, ids } = found;
    unreadable.push({ kind, reason, ids, where, isSaved: found.rows.length > 0 });
    found.rows.forEach((bytes, part) => {
      const { isMain } = takeRow(parseLine(bytes, where.at) as Row, { ...where, part });
      if (hasLoneSurrogate(bytes)) halves.push({ ...where, part, place: placeOfHalf(bytes, isMain) });
    });
  };
  await read(
    file.fd,
    { from: from?.at ?? 0, to: sizeBytes, line: from?.line ?? 1, paths: dialect.shapePaths },
    (line) => {
      const where: Where = { line: line.line, at: line.at, bytes: line.bytes, part: 0 };
      if (!isObject(line.value)) return takeUnreadable(line, where);
      const { isMain } = takeRow(line.value, where, line.whole);
      if (line.hasLoneSurrogate) halves.push({ ...where, place: placeOfHalf(line.whole(), isMain) });
    },
    signal,
  );

  const rows = checker.rows();
  const boundary = checker.boundary();
  const start = boundary && !keepAll ? firstOf(rows.filter(({ role }) => role !== "header")) : undefined;
  const liveFrom = start?.line ?? 0;
  const isPast = ({ line }: Where) => line < (dialect.name === "claude-code" ? (boundary?.where.line ?? 0) : liveFrom);
  // such a line is in the way of all that follows it, also of what stands behind a compaction
  const endsLoad = (reason: string) =>
    reason === "not-an-object" || (dialect.name === "claude-code" && sizeBytes > WHOLE_LOAD_BYTES);
  const past = checker.past(); // before live results answer calls that stand there
  const verdict = checker.finish();
  if (verdict.needsAllRows) {
    const { from: _, ...fromStart } = options;
    return scanTranscript(file, sizeBytes, dialect, fromStart, true);
  }
  const knownLines = ofLines.map((damage): Damage => {
    const isOver = damage.place === "past" && damage.kind !== "lone-surrogate" && endsLoad(damage.reason);
    return isOver ? { ...damage, place: "live" } : damage; // it was below the limit when it was found
  });
  const torn = tornHeader(verdict.damages, unreadable, firstRowLine);
  const lineDamages = [
    ...unreadable
      .filter((one) => one !== torn)
      .map(({ kind, reason, where }) => {
        const place: Place = isPast(where) && !endsLoad(reason) ? "past" : "live";
        return { kind, reason, place, line: where.line, ids: [] };
      }),
    ...halves.map(
      (where): Damage => ({
        kind: "lone-surrogate",
        reason: "",
        place: isPast(where) ? "past" : where.place,
        line: where.line,
        ids: [],
      }),
    ),
  ];
  const isHeaded = !verdict.damages.some(({ kind }) => kind === "missing-header");
  const resume: ResumePoint | undefined =
    start && isHeaded
      ? {
          ...start,
          past: {
            ...past,
            damages: [...past.damages, ...knownLines, ...lineDamages.filter(({ line }) => line < start.line)],
          },
        }
      : undefined;
  const confirmed = await confirmBreaks(file, start?.at ?? 0, dialect, verdict.breaks, unreadable);
  const damages = [...verdict.damages, ...knownLines, ...lineDamages, ...confirmed.damages];
  return {
    damages: oncePerLine(damages),
    rows,
    boundary,
    leaves,
    drops: verdict.drops,
    bridges: confirmed.bridges,
    unreadable: unreadable.filter(
      ({ where, reason }) => (!isPast(where) || endsLoad(reason)) && reason !== TOO_LONG.reason,
    ),
    halfCharacters: halves.filter((where) => where.place === "live" && !isPast(where)),
    errorReports,
    resume,
    isUnsettled,
  };
}

/** Where the header should stand and a line is that cannot be read, that line was the header: told once. */
function tornHeader(
  damages: Damage[],
  unreadable: readonly UnreadableLine[],
  firstRowLine: number | undefined,
): UnreadableLine | undefined {
  const missing = damages.find(({ kind }) => kind === "missing-header");
  const torn = missing && unreadable.find(({ where, isSaved }) => !isSaved && where.line < (firstRowLine ?? 0));
  if (missing && torn) missing.line = torn.where.line;
  return torn;
}

/** Damage of a line, which no pairing knows of: that of a row without a role, which goes by the same name, is not one. */
function isOfLine(kind: Damage["kind"], reason: string): boolean {
  return ["broken-line", "glued-line", "nul-run", "torn-tail", "lone-surrogate"].includes(kind) && reason !== "no-role";
}

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

/** What was read of a row need not tell which rows a compaction keeps, how far a call came, or who a reply was from. */
function needsWhole({ role, calls }: RowShape, isReplyAwaited: boolean): boolean {
  return role === "boundary" || (role === "assistant" && isReplyAwaited) || calls.some(({ isPartial }) => isPartial);
}

/** The model answered: what the API refused before is over. */
function isReply({ role, isMain, isVoid, isMirror }: RowShape): boolean {
  return role === "assistant" && isMain && !isVoid && !isMirror;
}

function firstOf(rows: readonly LiveRow[]): { at: number; line: number } | undefined {
  let first: Where | undefined;
  for (const { where } of rows) if (!first || where.at < first.at) first = where;
  return first && { at: first.at, line: first.line };
}

/** Only what stands in `message` is ever sent. OpenClaw sends summaries as well, which stand beside it. */
function placeOfHalf(line: Buffer, isMain: boolean): Place {
  if (!isMain) return "sidechain";
  const text = line.toString("latin1");
  const halves = loneSurrogatesIn(text);
  const sent = findMembers(text, text.indexOf("{")).members.filter(
    ({ name }) => name === "message" || name === "summary" || name === "content",
  );
  const isSent = halves.some((at) => sent.some(({ valueAt, valueEnd }) => at >= valueAt && at < valueEnd));
  return isSent ? "live" : "unsent";
}

/** A row that a compaction kept is met twice: in the part before and in what is sent. It counts where it is sent. */
function oncePerLine(damages: readonly Damage[]): Damage[] {
  const keyOf = ({ kind, line, ids }: Damage) => [kind, line, ...ids].join(" ");
  const live = new Set(damages.filter(({ place }) => place === "live").map(keyOf));
  return damages
    .filter((damage) => damage.place === "live" || !live.has(keyOf(damage)))
    .toSorted((a, b) => a.line - b.line || a.kind.localeCompare(b.kind));
}

function isObject(value: unknown): value is Row {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
