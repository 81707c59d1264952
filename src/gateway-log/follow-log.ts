import { assignPositions } from "./assign.ts";
import { logFilesOf } from "./log-files.ts";
import type { LogPosition } from "./position.ts";
import { type LogReadOptions, readLogFile } from "./read-file.ts";
import { latest } from "./read-range.ts";
import { lastKnown, type OlderPart, readNewGenerations, readRest } from "./rotated.ts";

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
 * All that is known is found again first; only then can a file be taken for new.
 *
 * @param source an absolute path or a glob
 * @param known positions by the real path that each file had at the last look, of this source and of others
 */
export async function followLog(
  source: string,
  known: ReadonlyMap<string, LogPosition>,
  options: FollowOptions,
): Promise<Followed> {
  const followed: Followed = { positions: new Map(), problems: [], bytesRead: 0 };
  const keep = (path: string, position: LogPosition, log?: string) => {
    const isLabelled = position.source === source && position.log === log;
    followed.positions.set(path, isLabelled ? position : { ...position, source, ...(log ? { log } : {}) });
  };
  const found = await logFilesOf(source);
  const { assigned, keys } = await assignPositions(found, new Map([...known].filter(isOurs)));
  // Another source of this look may have read the same file.
  const files = found.filter((path) => !options.taken.has(keys.get(path) ?? ""));
  const ours = new Map([...known].filter(([path, position]) => isOurs([path, position]) && !isReadBefore(path)));
  for (const key of keys.values()) options.taken.add(key);

  function isOurs([path, position]: [string, LogPosition]): boolean {
    return position.source === source || found.includes(path);
  }
  function isReadBefore(path: string): boolean {
    return found.includes(path) && !files.includes(path);
  }

  const moved = new Set([...assigned.values()].map(({ origin }) => origin));
  for (const [path, position] of ours) {
    if (moved.has(path)) continue;
    const rest = await readRest(path, position, contextOf(position, options));
    followed.bytesRead += rest.bytesRead;
    if (rest.older.length > 0) moved.add(path);
    for (const part of rest.older) {
      if (isRecent(part, options.now)) keep(part.path, part.position, logOf(path, position, part));
    }
  }

  const gone = [...ours.keys()].filter((path) => !found.includes(path) && isAwaited(path));
  function isAwaited(path: string): boolean {
    const position = ours.get(path);
    if (!position || position.log || position.state === "packed" || followed.positions.has(path)) return false;
    return isRecent({ path, position }, options.now);
  }
  for (const path of [...files, ...gone]) {
    const own = ours.get(path);
    const assignment = assigned.get(path);
    try {
      const position = assignment?.position ?? own;
      const read = await readLogFile(path, position, { ...options, isRestElsewhere: !assignment });
      followed.bytesRead += read.bytesRead;
      // A file that is nowhere to be found may come back as it was, say when its disk is mounted again.
      const isLost = read.position?.state === "vacant" && own !== undefined && !moved.has(path);
      if (isLost) keep(path, own);
      else if (read.position) keep(path, read.position);
      for (const part of read.older) keep(part.path, part.position, path);
    } catch (error) {
      options.signal?.throwIfAborted();
      followed.problems.push({ path, error });
      if (own) keep(path, own);
    }
  }

  for (const [path, position] of ours) {
    // An older part of which nothing had been read can't be recognised once it is compressed.
    if (!position.log || position.state || position.offset > 0 || moved.has(path)) continue;
    const generations = await readNewGenerations(position.log, lastKnown(position), contextOf(position, options));
    followed.bytesRead += generations.bytesRead;
    for (const part of generations.older) keep(part.path, part.position, position.log);
  }
  return followed;
}

function contextOf(position: LogPosition, options: FollowOptions) {
  return { ...options, undatedAt: latest(position.seenAt, options.lastLookAt) };
}

function isRecent({ position }: OlderPart, now: number): boolean {
  return now - position.seenAt < FORGET_OLDER_AFTER_MS;
}

/** The log that a part belongs to; undefined for a log that stayed where it was. */
function logOf(path: string, position: LogPosition, part: OlderPart): string | undefined {
  return position.log ?? (part.path === path ? undefined : path);
}
