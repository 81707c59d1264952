import { createHash } from "node:crypto";
import { basename } from "node:path";
import { KeeperError } from "../errors.ts";
import { type Archive, isRepair } from "./archives.ts";
import type { Head } from "./head.ts";

/** A piece of a session's history: what an archive holds, or the live transcript, which is always the last. */
export type Part = {
  sessionId: string;
  /** the path of the transcript */
  source: string;
  head: Head;
  /** undefined for the live transcript */
  archive?: Archive;
  pieces: () => AsyncIterable<Buffer>;
};

/** The parts, the oldest first. `missing`: the archive before the first of them, when it is not there any more. */
export type History = { parts: Part[]; missing: string | undefined };

/** Opens an archive as far as its head. @throws KeeperError `missing` when it is not there */
type OpenPart = (of: Archive) => Promise<Part>;

/**
 * Goes back from the newest part of a session's history to its root. A part names its parent in its header row; where it has
 * none, because the session began anew in the same file, the parent is what was archived before.
 *
 * @param archives all that may belong to it, in the order in which they were made
 */
export async function traceHistory(newest: Part, archives: readonly Archive[], open: OpenPart): Promise<History> {
  const parts = [newest];
  for (let part = newest; ; ) {
    const parent = part.head.segment
      ? await namedBy(part, part.head.segment.parentFile, archives, open)
      : await before(part, archives, open);
    if (parent === undefined || typeof parent === "string") return { parts, missing: parent };
    if (parts.some(({ archive }) => archive === parent.archive)) throw circle(parent);
    part = parent;
    parts.unshift(part);
  }
}

/** The archive that a header row names; of several of that name, the one that is nearest to the part. */
async function namedBy(
  { sessionId, source }: Part,
  parentFile: string,
  archives: readonly Archive[],
  open: OpenPart,
): Promise<Part | string> {
  const named = archives.filter(({ path }) => basename(path) === basename(parentFile));
  const parent =
    named.find(({ record }) => record.source === source) ??
    named.find(({ record }) => record.sessionId === sessionId) ??
    named[0];
  return (parent && (await openIfThere(parent, open))) ?? basename(parentFile);
}

/**
 * The latest earlier archive of the same session that is neither a repair nor holds the same rows, more or less of them: then it
 * was made of the same file, which goes on. So was a mere copy that begins alike, whatever was mended since. Its name, when it
 * cannot be looked at because it is gone.
 */
async function before(part: Part, archives: readonly Archive[], open: OpenPart): Promise<Part | string | undefined> {
  const end = part.archive ? archives.indexOf(part.archive) : archives.length;
  const earlier = archives
    .slice(0, end)
    .filter(({ record }) => record.sessionId === part.sessionId && record.source === part.source && !isRepair(record));
  for (const archive of earlier.toReversed()) {
    const candidate = await openIfThere(archive, open);
    if (!candidate) return basename(archive.path);
    if (candidate.head.firstRow !== part.head.firstRow) return candidate;
    if (archive.record.purpose === "copy" || (await beginsWith(part, archive.record))) continue;
    if (!(await beginsWith(candidate, await contentOf(part)))) return candidate;
  }
  return undefined;
}

type Content = Pick<Archive["record"], "bytes" | "sha256">;

async function contentOf({ archive, pieces }: Part): Promise<Content> {
  if (archive) return archive.record;
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const piece of pieces()) {
    hash.update(piece);
    bytes += piece.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** True when the first bytes of a part are just these. Sessions may well begin anew with the same row. */
async function beginsWith(part: Part, { bytes, sha256 }: Content): Promise<boolean> {
  const hash = createHash("sha256");
  let left = bytes;
  for await (const piece of part.pieces()) {
    hash.update(piece.subarray(0, left));
    left -= Math.min(left, piece.length);
    if (left === 0) return hash.digest("hex") === sha256;
  }
  return false;
}

async function openIfThere(archive: Archive, open: OpenPart): Promise<Part | undefined> {
  try {
    return await open(archive);
  } catch (error) {
    if (error instanceof KeeperError && error.code === "missing") return undefined;
    throw error;
  }
}

function circle({ archive }: Part): KeeperError {
  return new KeeperError(
    "failed",
    `the archives of this session name one another in a circle, at ${archive?.path}`,
    "no copy was made; get them one by one: session-keeper restore get SESSION --segment N",
  );
}
