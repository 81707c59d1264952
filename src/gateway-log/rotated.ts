import { lookBack } from "./look-back.ts";
import { fileKey, type OpenLog, openLog } from "./open-log.ts";
import {
  holdsReadPart,
  isContinued,
  isSameFile,
  isUntouched,
  type LogPosition,
  packedPosition,
  positionAfter,
} from "./position.ts";
import { unpackedSize } from "./read-gzip.ts";
import { latest, type ReadContext, readPackedRange, readRange } from "./read-range.ts";
import { listSiblings, type Sibling } from "./siblings.ts";

/** A log's older part that may still grow, under its present name. */
export type OlderPart = { path: string; position: LogPosition };

export type OlderReading = { older: OlderPart[]; lastAt: number | undefined; bytesRead: number };

/** Some file systems, and some programs that carry times over, know whole seconds only. */
const TIME_STEP_MS = 1000;

const NOTHING: OlderReading = { older: [], lastAt: undefined, bytesRead: 0 };

/**
 * Finds a log that is no longer at its path, and delivers what follows the position: by inode (renamed), else by the
 * checksum of what had been read (copied, or compressed). Not found: it was deleted, and nothing is delivered.
 */
export async function readRest(path: string, position: LogPosition, context: ReadContext): Promise<OlderReading> {
  const name = position.log ?? path;
  if (position.state === "vacant") return NOTHING;
  if (position.state === "packed") return passOver(name, position, context);
  // A name can slip past a listing while files are being renamed, hence twice.
  for (const _attempt of [1, 2]) {
    const plain = (await listSiblings(name)).filter(({ isGzip }) => !isGzip);
    for (const isIt of [isContinued, holdsReadPart]) {
      for (const candidate of [path, ...plain.map((sibling) => sibling.path)]) {
        const reading = await readIfRight(candidate, position, isIt, context);
        if (reading) return reading;
      }
    }
  }
  for (const sibling of (await listSiblings(name)).filter(({ isGzip }) => isGzip)) {
    const reading = await withLog(sibling.path, (log) => readPacked(log, position, context));
    if (reading) return reading;
  }
  return NOTHING;
}

/**
 * Delivers what is in older parts of a log that came and went since a look: several rotations in a row, or a copy of a log
 * of which nothing had been read. `mtimeMs`: of the log at that look; `from`: epoch ms of the newest line known then.
 */
export async function readNewGenerations(
  path: string,
  known: { mtimeMs: number; from: number },
  context: ReadContext,
): Promise<OlderReading> {
  const readings: OlderReading[] = [];
  for (const sibling of (await listSiblings(path)).reverse()) {
    const isOld = sibling.stats.mtimeMs < known.mtimeMs - TIME_STEP_MS;
    if (!sibling.isGeneration || isOld) continue;
    const reading = await withLog(sibling.path, (log) => readGeneration(log, sibling, known.from, context));
    if (reading) readings.push(reading);
  }
  return {
    older: readings.flatMap(({ older }) => older),
    lastAt: latest(...readings.map(({ lastAt }) => lastAt)),
    bytesRead: readings.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
  };
}

/** What is known of a log since the look that made the position. */
export function lastKnown({ mtimeMs, lastAt, seenAt }: LogPosition): { mtimeMs: number; from: number } {
  return { mtimeMs, from: lastAt ?? seenAt };
}

async function readGeneration(
  log: OpenLog,
  { isGzip }: Sibling,
  from: number,
  context: ReadContext,
): Promise<OlderReading | undefined> {
  if (!take(log, context)) return undefined;
  const undatedAt = context.undatedAt === undefined ? undefined : Math.max(context.undatedAt, from);
  if (isGzip) {
    const end = await readPackedRange(log, undefined, { at: undatedAt, since: from }, context);
    const position = packedPosition(log, context.now, end?.lastAt);
    return { older: [{ path: log.path, position }], lastAt: end?.lastAt, bytesRead: log.bytesRead };
  }
  const start = await lookBack(log, from, context.signal);
  const end = await readRange(log, { ...start, at: start.at ?? undatedAt, since: from }, context);
  const position = await positionAfter(log, undefined, end, context.now);
  return { older: [{ path: log.path, position }], lastAt: end.lastAt, bytesRead: log.bytesRead };
}

/** Reads on after the position, if this is the file. */
function readIfRight(
  path: string,
  position: LogPosition,
  isIt: typeof isContinued,
  context: ReadContext,
): Promise<OlderReading | undefined> {
  return withLog(path, async (log) => {
    if (context.taken.has(fileKey(log.stats)) || !(await isIt(log, position)) || !take(log, context)) return undefined;
    if (isUntouched(log, position))
      return { older: [{ path, position }], lastAt: position.lastAt, bytesRead: log.bytesRead };
    // A copy is final: a last line without its newline will not get one any more.
    const isCopy = isIt === holdsReadPart;
    const end = await readRange(log, { offset: position.offset, at: context.undatedAt }, context, isCopy);
    const next = await positionAfter(log, position, end, context.now);
    return { older: [{ path, position: next }], lastAt: next.lastAt, bytesRead: log.bytesRead };
  });
}

/** Finds a compressed file that was read before, so that this look leaves it alone. */
async function passOver(path: string, position: LogPosition, { taken }: ReadContext): Promise<OlderReading> {
  const there = (await listSiblings(path)).find(({ stats }) => isSameFile(stats, position));
  if (!there || there.stats.birthtimeMs !== position.bornMs) return NOTHING;
  taken.add(fileKey(there.stats));
  return { older: [{ path: there.path, position }], lastAt: position.lastAt, bytesRead: 0 };
}

/** The same for a compressed file, which is final as well. */
async function readPacked(
  log: OpenLog,
  position: LogPosition,
  context: ReadContext,
): Promise<OlderReading | undefined> {
  if (context.taken.has(fileKey(log.stats)) || position.crcBytes === 0) return undefined;
  if ((await unpackedSize(log)) < position.offset) return undefined;
  const end = await readPackedRange(log, position, { at: context.undatedAt }, context);
  if (!end || !take(log, context)) return undefined;
  const lastAt = latest(position.lastAt, end.lastAt);
  const next = packedPosition(log, context.now, lastAt);
  return { older: [{ path: log.path, position: next }], lastAt, bytesRead: log.bytesRead };
}

/** Marks a file as read in this look; false when it was already. */
function take({ stats }: OpenLog, { taken }: ReadContext): boolean {
  if (taken.has(fileKey(stats))) return false;
  taken.add(fileKey(stats));
  return true;
}

/** Opens, uses and closes one of the files beside a log. One that can't be read is not ours to complain about. */
async function withLog<T>(path: string, use: (log: OpenLog) => Promise<T>): Promise<T | undefined> {
  const log = await openLog(path).catch(() => undefined);
  if (!log) return undefined;
  try {
    return await use(log);
  } finally {
    await log.handle.close();
  }
}
