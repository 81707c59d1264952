import { type Assignment, assignPositions } from "./assign.ts";
import { logFilesOf } from "./log-files.ts";
import type { LogPosition } from "./position.ts";
import { type LogReadOptions, readLogFile } from "./read-file.ts";
import { latest } from "./read-range.ts";
import { lastKnown, type OlderReading, readNewGenerations, readRest } from "./rotated.ts";

export type FollowOptions = Omit<LogReadOptions, "isRestElsewhere"> & { taken: Set<string> };

export type Followed = {
  /** By real path. */
  positions: Map<string, LogPosition>;
  problems: { path: string; error: unknown }[];
  bytesRead: number;
};

/** A writer may keep an old log open; after a day without a line it surely doesn't write there any more. */
const FORGET_OLDER_AFTER_MS = 24 * 3600 * 1000;

/**
 * Reads on in all the files of one configured log, by whatever name each goes now, and in older parts that still grow.
 *
 * @param source an absolute path or a glob
 * @param known positions by the real path that each file had at the last look, of this source and of others
 */
export async function followLog(
  source: string,
  known: ReadonlyMap<string, LogPosition>,
  options: FollowOptions,
): Promise<Followed> {
  const found = await logFilesOf(source);
  const ours = new Map([...known].filter(([path, position]) => position.source === source || found.includes(path)));
  const { assigned, keys } = await assignPositions(found, ours);
  // Another source of this look may have read the same file.
  const files = found.filter((path) => !options.taken.has(keys.get(path) ?? ""));
  for (const key of keys.values()) options.taken.add(key);

  const look: Look = {
    source,
    options,
    ours,
    assigned,
    moved: new Set(),
    positions: new Map(),
    problems: [],
    bytesRead: 0,
  };
  // All that is known is found again first; only then can a file be taken for new.
  await readRests(look);
  const gone = [...ours.keys()].filter((path) => !found.includes(path) && isAwaited(path, look));
  for (const path of [...files, ...gone]) await readByName(path, look);
  await readUnrecognised(look);
  return { positions: look.positions, problems: look.problems, bytesRead: look.bytesRead };
}

type Look = Followed & {
  source: string;
  options: FollowOptions;
  /** What is known of this source, by path. */
  ours: ReadonlyMap<string, LogPosition>;
  assigned: ReadonlyMap<string, Assignment>;
  /** The known paths whose files were found, wherever. */
  moved: Set<string>;
};

/** Reads on in known files that no longer are at a path of this source. */
async function readRests(look: Look): Promise<void> {
  const { options, ours, assigned, moved } = look;
  for (const { origin } of assigned.values()) moved.add(origin);
  for (const [path, position] of ours) {
    if (moved.has(path)) continue;
    const rest = await readRest(path, position, contextOf(position, options));
    if (rest.older.length > 0) moved.add(path);
    keepOlder(look, rest, path, position.log);
  }
}

/** Reads what is at a path now, or notes that nothing is. */
async function readByName(path: string, look: Look): Promise<void> {
  const own = look.ours.get(path);
  const assignment = look.assigned.get(path);
  try {
    const position = assignment?.position ?? own;
    const read = await readLogFile(path, position, { ...look.options, isRestElsewhere: !assignment });
    // A file that is nowhere to be found may come back as it was, say when its disk is mounted again.
    const isLost = read.position?.state === "vacant" && !look.moved.has(path);
    const next = isLost ? own : read.position;
    if (next) keep(look, path, next);
    keepOlder(look, read, path, path);
  } catch (error) {
    look.options.signal?.throwIfAborted();
    look.problems.push({ path, error });
    if (own) keep(look, path, own);
  }
}

/** An older part of which nothing had been read can't be recognised once it is compressed: whatever is new is taken for it. */
async function readUnrecognised(look: Look): Promise<void> {
  for (const [path, position] of look.ours) {
    if (!position.log || position.state || position.offset > 0 || look.moved.has(path)) continue;
    const context = contextOf(position, look.options);
    keepOlder(look, await readNewGenerations(position.log, lastKnown(position), context), path, position.log);
  }
}

/** Nothing is at a known path, but a new log may appear there. */
function isAwaited(path: string, { ours, positions, options }: Look): boolean {
  const position = ours.get(path);
  if (!position || position.log || position.state === "packed" || positions.has(path)) return false;
  return options.now - position.seenAt < FORGET_OLDER_AFTER_MS;
}

function contextOf(position: LogPosition, options: FollowOptions) {
  return { ...options, undatedAt: latest(position.seenAt, options.lastLookAt) };
}

/** @param log the log that it is an older part of; undefined for the log itself */
function keep({ source, positions }: Look, path: string, position: LogPosition, log?: string): void {
  const isLabelled = position.source === source && position.log === log;
  positions.set(path, isLabelled ? position : { ...position, source, ...(log === undefined ? {} : { log }) });
}

function keepOlder(
  look: Look,
  { older, bytesRead }: Pick<OlderReading, "older" | "bytesRead">,
  from: string,
  log?: string,
): void {
  look.bytesRead += bytesRead;
  for (const part of older) {
    if (look.options.now - part.position.seenAt >= FORGET_OLDER_AFTER_MS) continue;
    // A log may still be where it was, and only a link that led to it changed.
    keep(look, part.path, part.position, log ?? (part.path === from ? undefined : from));
  }
}
