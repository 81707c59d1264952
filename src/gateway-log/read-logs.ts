import { describeError, KeeperError } from "../errors.ts";
import { followLog } from "./follow-log.ts";
import { parseLogLine, sessionsNamedIn } from "./line.ts";
import type { LogPosition } from "./position.ts";
import { type JournalPosition, readJournal } from "./read-journal.ts";
import { classify, type Signature, signatures as table } from "./signatures.ts";

/** A line of a gateway's log that matched a signature: what it tells and whom it names, but nothing of its text. */
export type LogMatch = {
  /** The same for the same line wherever and whenever it is read again; made of its time and a hash of its text. */
  id: string;
  /** Epoch ms of the line's own date, else of the nearest dated line before it, else of the look before it was read. */
  at: number;
  /** The log's real path, or `journal:UNIT`. */
  source: string;
  /** The configured source that led to it: a path, a glob or `journal:UNIT`. */
  from: string;
  /** Byte offset of the line in its file. */
  offset?: number;
  kind: Signature["kind"];
  severity: Signature["severity"];
  condemns: boolean;
  /** The signature's name. */
  signature: string;
  keys: string[];
  sessionIds: string[];
  toolIds: string[];
};

/** Where the next look begins: by the real path of a log, or by `journal:UNIT`. Plain data. */
export type LogPositions = Record<string, LogPosition | JournalPosition>;

export type LogReading = {
  /** In the order of time; a line that stands in several logs counts once. */
  matches: LogMatch[];
  /** Deeply equal to the given ones when nothing was written to any log. */
  positions: LogPositions;
  /** Sources that could not be read; the others were. */
  problems: { source: string; message: string }[];
  bytesRead: number;
};

export type LogsOptions = {
  /** Epoch ms. */
  now: number;
  /** How far back the first look goes, in milliseconds. */
  windowMs: number;
  /** Epoch ms of the last look whose positions are given. */
  lastLookAt?: number;
  /** The person's own signatures; those of the table always count. */
  signatures: readonly Signature[];
  /** Lines that match one of these are nothing. */
  ignore: readonly RegExp[];
  signal?: AbortSignal;
  env: NodeJS.ProcessEnv;
};

const JOURNAL = "journal:";

/**
 * Reads what is new in the gateway's logs (paths, globs, `journal:UNIT`) and recognises the lines that matter. Writes
 * nothing: the caller keeps the positions, or drops them after an audit.
 *
 * @throws only when the signal was aborted; a source that can't be read is a problem in the result
 */
export async function readLogs(
  sources: readonly string[],
  positions: LogPositions,
  options: LogsOptions,
): Promise<LogReading> {
  const { now, lastLookAt, signal, env } = options;
  const since = Math.min(lastLookAt ?? now, now - options.windowMs);
  const matches = new Map<string, LogMatch>();
  const reading: LogReading = { matches: [], positions: {}, problems: [], bytesRead: 0 };
  const signatures = [...new Set([...table, ...options.signatures])];
  const context = { now, since, lastLookAt, needles: needlesOf(signatures), signal, env, taken: new Set<string>() };

  for (const from of new Set(sources)) {
    signal?.throwIfAborted();
    const onLine = (line: string, at: number, source: string, offset?: number) => {
      const match = recognise(line, at, { source, from }, signatures, options.ignore);
      if (match && !matches.has(match.id)) matches.set(match.id, offset === undefined ? match : { ...match, offset });
    };
    try {
      if (from.startsWith(JOURNAL)) {
        const { position, bytesRead } = await readJournal(
          from.slice(JOURNAL.length),
          journalPosition(positions[from]),
          {
            ...context,
            onLine: (line, at) => onLine(line, at, from),
          },
        );
        reading.positions[from] = position;
        reading.bytesRead += bytesRead;
      } else {
        const followed = await followLog(from, filePositions(positions), {
          ...context,
          onLine: (line, { path, lineStart, at }) => onLine(line, at, path, lineStart),
        });
        for (const [path, position] of followed.positions) reading.positions[path] = position;
        reading.problems.push(...followed.problems.map(({ path, error }) => ({ source: path, message: tell(error) })));
        reading.bytesRead += followed.bytesRead;
      }
    } catch (error) {
      signal?.throwIfAborted();
      reading.problems.push({ source: from, message: tell(error) });
      for (const [key, position] of Object.entries(positions)) {
        const isOurs = key === from || ("source" in position && position.source === from);
        if (isOurs) reading.positions[key] = position;
      }
    }
  }
  reading.matches = [...matches.values()].sort((a, b) => a.at - b.at);
  return reading;
}

function recognise(
  line: string,
  at: number,
  where: { source: string; from: string },
  signatures: readonly Signature[],
  ignore: readonly RegExp[],
): LogMatch | undefined {
  const { text } = parseLogLine(line);
  const found = classify(text, signatures, ignore);
  if (!found) return undefined;
  // loaded here, because most looks find nothing
  const { createHash } = process.getBuiltinModule("node:crypto");
  const id = createHash("sha256").update(`${at}\n${text}`).digest("hex").slice(0, 32);
  return { id, at, ...where, ...found, ...sessionsNamedIn(text) };
}

/** Every fixed string to look for; none when some signature has none, so that every line has to be tried. */
function needlesOf(signatures: readonly Signature[]): string[] {
  if (signatures.some(({ needles }) => needles.length === 0)) return [];
  return [...new Set(signatures.flatMap(({ needles }) => needles))];
}

function journalPosition(position: LogPosition | JournalPosition | undefined): JournalPosition | undefined {
  return position && "cursor" in position ? position : undefined;
}

function filePositions(positions: LogPositions): Map<string, LogPosition> {
  return new Map(
    Object.entries(positions).flatMap(([path, position]) => ("cursor" in position ? [] : [[path, position]])),
  );
}

function tell(error: unknown): string {
  return error instanceof KeeperError ? `${error.message}. ${error.hint}` : describeError(error);
}
