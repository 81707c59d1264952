import { assignPositions } from "./assign.ts";
import { logFilesOf } from "./log-files.ts";
import type { LogPosition } from "./position.ts";
import { readLogFile } from "./read-file.ts";
import { latest } from "./read-range.ts";
import { readRest } from "./rotated.ts";

export type FollowOptions = {
  /** Epoch ms: of a log never seen before, lines dated earlier are not delivered. */
  since: number;
  now: number;
  lastLookAt: number | undefined;
  needles: readonly string[];
  /** Keys of the files that this look has already read for another source; added to. */
  taken: Set<string>;
  signal: AbortSignal | undefined;
  onLine: (line: string, where: { path: string; lineStart: number; at: number }) => void;
};

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
  const followed: Followed = { positions: new Map(), problems: [], bytesRead: 0 };
  const keep = (path: string, position: LogPosition, log?: string) => {
    const isLabelled = position.source === source && position.log === log;
    followed.positions.set(path, isLabelled ? position : { ...position, source, ...(log ? { log } : {}) });
  };
  const found = await logFilesOf(source);
  const ours = new Map([...known].filter(([path, position]) => position.source === source || found.includes(path)));
  const { assigned, keys } = await assignPositions(found, ours);
  const files = found.filter((path) => !options.taken.has(keys.get(path) ?? ""));
  for (const key of keys.values()) options.taken.add(key);

  const origins = new Set([...assigned.values()].map(({ origin }) => origin));
  for (const [path, position] of ours) {
    const isReadByName = found.includes(path) && !assigned.has(path);
    if (origins.has(path) || isReadByName) continue;
    const undatedAt = latest(position.seenAt, options.lastLookAt);
    const rest = await readRest(path, position, { ...options, undatedAt });
    followed.bytesRead += rest.bytesRead;
    for (const older of rest.older) {
      if (options.now - older.position.seenAt < FORGET_OLDER_AFTER_MS)
        keep(older.path, older.position, position.log ?? path);
    }
  }
  for (const path of files) {
    const own = ours.get(path);
    const assignment = assigned.get(path);
    const isRestElsewhere = !assignment && origins.has(path);
    try {
      const read = await readLogFile(path, assignment?.position ?? own, { ...options, isRestElsewhere });
      followed.bytesRead += read.bytesRead;
      if (read.position) keep(path, read.position);
      for (const older of read.older) keep(older.path, older.position, path);
    } catch (error) {
      options.signal?.throwIfAborted();
      followed.problems.push({ path, error });
      if (own) keep(path, own);
    }
  }
  return followed;
}
