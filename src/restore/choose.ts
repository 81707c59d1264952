import { basename } from "node:path";
import { KeeperError } from "../errors.ts";
import { type Archive, isRepair } from "./archives.ts";

/** What a person means: a session, with its archives, or one archive. */
export type Meant = { session: Archive[] } | { archive: Archive };

/**
 * @param what a session's id, or an archive's name or path
 * @param path the same as an absolute path
 * @throws KeeperError `usage` for a name that several archives have
 */
export function findMeant(what: string, path: string, archives: readonly Archive[]): Meant {
  const session = archives.filter(({ record }) => record.sessionId === what);
  const here = archives.find((one) => one.path === path);
  if (session.length > 0 || here) return here ? { archive: here } : { session };
  const named = archives.filter(({ record }) => record.archive === what || basename(record.archive) === what);
  if (named.length > 1)
    throw new KeeperError(
      "usage",
      `${named.length} archives are called ${what}`,
      "nothing was written; name the one that is meant by its path, as restore list tells it",
    );
  return named[0] ? { archive: named[0] } : { session: [] };
}

/** The archive of a number. @throws KeeperError `usage` when there is none, or more than one */
export function segmentOf(archives: readonly Archive[], number: number, what: string): Archive {
  const [archive, ...more] = archives.filter(({ record }) => record.segment === number);
  if (archive && more.length === 0) return archive;
  const numbers = [...new Set(archives.map(({ record }) => record.segment))].toSorted((a, b) => a - b);
  throw new KeeperError(
    "usage",
    archive
      ? `session ${what} has ${more.length + 1} archives of the number ${number}, made of files in several places`
      : `session ${what} has no archive of the number ${number}, but of ${numbers.join(", ")}`,
    `nothing was written; session-keeper restore list --session ${what} tells them all, and get takes their paths`,
  );
}

/** The latest archive of a session itself; what was left over of former times only where there is nothing else. */
export function newestArchive(archives: readonly Archive[]): Archive | undefined {
  return archives.findLast(({ record }) => record.reason !== "leftover") ?? archives.at(-1);
}

/**
 * Where a session's history ends when it has no live transcript: what a repair archived, the next archive holds mended; what was
 * left over of former times, later than it was written, is no end of it as long as there is anything else.
 */
export function newestOfHistory(archives: readonly Archive[]): Archive | undefined {
  const history = archives.filter(({ record }) => !isRepair(record));
  return newestArchive(history) ?? archives.at(-1);
}

/** The transcript of a session; where several have its id, the one that its newest archive was made of. */
export function liveOf<Of extends { path: string; sessionId: string }>(
  transcripts: readonly Of[],
  sessionId: string,
  archives: readonly Archive[],
): Of | undefined {
  const own = transcripts.filter((transcript) => transcript.sessionId === sessionId);
  const source = archives.at(-1)?.record.source;
  const known = own.length > 1 ? own.find(({ path }) => path === source) : own[0];
  if (known || own.length === 0) return known;
  throw new KeeperError(
    "usage",
    `${own.length} transcripts have the id ${sessionId}`,
    "nothing was written; name one of its archives instead of the session",
  );
}
