import { lookBack } from "./look-back.ts";
import { fileKey, type OpenLog, openLog } from "./open-log.ts";
import {
  holdsReadPart,
  isContinued,
  isUntouched,
  type LogPosition,
  positionAfter,
  vacantPosition,
} from "./position.ts";
import { latest, type ReadContext, readRange } from "./read-range.ts";
import { lastKnown, type OlderPart, readNewGenerations, readRest } from "./rotated.ts";

export type LogReadOptions = Omit<ReadContext, "taken" | "undatedAt"> & {
  /** Epoch ms: without a position, lines dated before this are not delivered. */
  since: number;
  /** Epoch ms of the last look at any log: what follows a position was written after it. */
  lastLookAt?: number | undefined;
  taken?: Set<string>;
  /** The rest of what the position stands for is read under another name, so all that is in this file is new. */
  isRestElsewhere?: boolean;
};

export type LogFileReading = {
  /** Undefined: there is no such file, and there was none before. The same object as given when nothing was new. */
  position: LogPosition | undefined;
  /** Older parts of the log, under their present names: a writer that keeps its descriptor may still write to them. */
  older: OlderPart[];
  bytesRead: number;
};

/**
 * Delivers the lines of a log that are new since `position` and hold one of the needles, each once.
 *
 * With a position only new bytes are read, whatever the file's size. A log that was rotated, truncated or replaced in
 * between is recognised by device, inode and a checksum: the rest of the old content is found beside it (renamed, copied or
 * compressed), then everything in the new file is delivered. Without a position only lines dated `since` or later are, and
 * the file is not read further back than that. A last line without its newline waits for the next look.
 *
 * @throws EACCES and the like as they are, KeeperError when the path is not a regular file
 */
export async function readLogFile(
  path: string,
  position: LogPosition | undefined,
  options: LogReadOptions,
): Promise<LogFileReading> {
  const known = [position?.seenAt, options.lastLookAt];
  const context = { ...options, taken: options.taken ?? new Set(), undatedAt: position && latest(...known) };
  const log = await openLog(path);
  try {
    if (log) context.taken.add(fileKey(log.stats));
    if (!position) return log ? await readFirst(log, context) : { position, older: [], bytesRead: 0 };
    const isElsewhere = options.isRestElsewhere === true;
    // An editor leaves a new file with the old content.
    const isKnown = log && ((await isContinued(log, position)) || (await holdsReadPart(log, position)));
    if (isKnown && !isElsewhere) return await readOn(log, position, context);
    const rest = isElsewhere ? undefined : await readRest(path, position, context);
    const generations = await readNewGenerations(path, lastKnown(position), context);
    const older = [...(rest?.older ?? []), ...generations.older];
    const bytesRead = (rest?.bytesRead ?? 0) + generations.bytesRead;
    const olderAt = latest(position.lastAt, rest?.lastAt, generations.lastAt);
    // Between rotating and creating anew there is no file; the next one will be all new if the last one is accounted for.
    const isVacant = isElsewhere || older.length > 0;
    if (!log) return { position: isVacant ? vacantPosition(position, olderAt) : position, older, bytesRead };
    const end = await readRange(log, { offset: 0, at: context.undatedAt }, context);
    const next = await positionAfter(log, undefined, { ...end, lastAt: latest(olderAt, end.lastAt) }, options.now);
    return { position: next, older, bytesRead: bytesRead + log.bytesRead };
  } finally {
    await log?.handle.close();
  }
}

/** Reads the bytes after the position in the very same file. */
async function readOn(log: OpenLog, position: LogPosition, context: ReadContext): Promise<LogFileReading> {
  if (isUntouched(log, position)) return { position, older: [], bytesRead: log.bytesRead };
  // With nothing read so far there was nothing to recognise: the log may have been filled, copied and truncated meanwhile.
  const generations =
    position.offset === 0 ? await readNewGenerations(log.path, lastKnown(position), context) : undefined;
  const end = await readRange(log, { offset: position.offset, at: context.undatedAt }, context);
  const newest = latest(generations?.lastAt, end.lastAt);
  const next = await positionAfter(log, position, { ...end, lastAt: newest }, context.now);
  return { position: next, older: generations?.older ?? [], bytesRead: log.bytesRead + (generations?.bytesRead ?? 0) };
}

/** A first look, at what is dated `since` or later. */
async function readFirst(log: OpenLog, context: ReadContext & LogReadOptions): Promise<LogFileReading> {
  const { since, lastLookAt } = context;
  const start = await lookBack(log, since, context.signal);
  // A log that begins within the window may have been rotated within it.
  const before = { mtimeMs: since, from: lastLookAt ?? since };
  const generations = start.offset === 0 ? await readNewGenerations(log.path, before, context) : undefined;
  const end = await readRange(log, { ...start, since }, context);
  const newest = latest(start.at, generations?.lastAt, end.lastAt);
  return {
    position: await positionAfter(log, undefined, { ...end, lastAt: newest }, context.now),
    older: generations?.older ?? [],
    bytesRead: log.bytesRead + (generations?.bytesRead ?? 0),
  };
}
