import { fileKey, type OpenLog, openLog } from "./open-log.ts";
import { holdsReadPart, isContinued, type LogPosition } from "./position.ts";

/** The position that a file goes on from. `origin`: the path that it was known by. */
export type Assignment = { origin: string; position: LogPosition };

/**
 * Finds out which of the known positions each file goes on from: by what the file is (inode and checksum), else by what it
 * holds (a copy). Names tell nothing, because rotation moves them along.
 *
 * @param known positions by the path that each file had at the last look
 * @returns by path; `keys`: of the files there are, see fileKey
 */
export async function assignPositions(
  files: readonly string[],
  known: ReadonlyMap<string, LogPosition>,
): Promise<{ assigned: Map<string, Assignment>; keys: Map<string, string> }> {
  const assigned = new Map<string, Assignment>();
  const keys = new Map<string, string>();
  for (const path of files) {
    // What can't be opened is told when it is read.
    const log = await openLog(path).catch(() => undefined);
    if (!log) continue;
    try {
      keys.set(path, fileKey(log.stats));
      const assignment = (await findContinued(log, known)) ?? (await findCopied(log, known));
      if (assignment) assigned.set(path, assignment);
    } finally {
      await log.handle.close();
    }
  }
  return { assigned, keys };
}

async function findContinued(log: OpenLog, known: ReadonlyMap<string, LogPosition>): Promise<Assignment | undefined> {
  for (const [origin, position] of known) {
    if (await isContinued(log, position)) return { origin, position };
  }
  return undefined;
}

/** Of several positions that the file may be a copy of, the one that came furthest. */
async function findCopied(log: OpenLog, known: ReadonlyMap<string, LogPosition>): Promise<Assignment | undefined> {
  let furthest: Assignment | undefined;
  const { dev: device, ino: inode, mtimeMs } = log.stats;
  for (const [origin, position] of known) {
    if (position.offset <= (furthest?.position.offset ?? 0) || !(await holdsReadPart(log, position))) continue;
    furthest = { origin, position: { ...position, device, inode, mtimeMs } };
  }
  return furthest;
}
