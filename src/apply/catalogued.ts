import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { type ArchivePurpose, type CatalogRecord, recordsOf } from "../archive/catalog.ts";
import { verifyGzip } from "../archive/gzip.ts";
import { dialects } from "../dialects/index.ts";
import type { Fingerprint } from "../disk/fingerprint.ts";
import type { Transcript } from "../installation/installation.ts";
import { readPieces } from "../transcript/lines.ts";
import { collectTouchedFiles } from "../transcript/touched-files.ts";
import type { Archived } from "./tools.ts";

/** The archive that holds exactly these bytes of this transcript, if there is one that still proves to. */
export async function findCatalogued(
  file: FileHandle,
  bytes: number,
  folder: string,
  transcript: Transcript,
  signal: AbortSignal,
): Promise<Omit<Archived, "source" | "bytes" | "probes"> | undefined> {
  const records = recordsOf(folder, transcript.path).filter(
    (record) => record.bytes === bytes && existsSync(join(folder, record.archive)),
  );
  if (records.length === 0) return undefined;
  const hash = createHash("sha256");
  const touched = collectTouchedFiles(dialects[transcript.dialect]);
  for await (const piece of readPieces(file, 0, bytes)) {
    signal.throwIfAborted();
    hash.update(piece);
    touched.push(piece);
  }
  const sha256 = hash.digest("hex");
  const record = records.find((candidate) => candidate.sha256 === sha256);
  if (!record) return undefined;
  const stored = await open(join(folder, record.archive));
  try {
    await verifyGzip(stored, record, { signal });
  } catch {
    return undefined; // damaged since: archive anew
  } finally {
    await stored.close();
  }
  return { record, path: join(folder, record.archive), files: touched.end() };
}

/** What an archive is needed for by now. `newest`: of all of its line; `source`: the file as it was found at `seenAt`. */
export type Use = Pick<CatalogRecord, "command" | "runId" | "reason"> & {
  purpose: ArchivePurpose;
  source: Pick<Fingerprint, "inode" | "mtimeMs">;
  seenAt: Date;
  newest?: CatalogRecord | undefined;
};

/**
 * What is to be said anew of an archive that holds the bytes already: what it was made for before did not come about, and the
 * command that relies on it now is the one whose retention may let it go. The next run should know the copy of a file that was
 * moved to another disk, or touched, without reading it.
 */
export function renewed(record: CatalogRecord, use: Use): CatalogRecord | undefined {
  const { command, runId, reason, purpose, newest } = use;
  const isOfOther = record.command !== command;
  const isOfRun = record.runId === runId || (purpose === "copy" && !isOfOther);
  const seen = purpose === "copy" ? seenAnew(record, use) : undefined;
  if (isOfRun && !isOfOther && record.purpose === purpose && !seen) return undefined;
  return {
    ...record,
    purpose,
    ...(isOfRun ? {} : { runId }),
    ...(isOfOther ? { command, reason } : {}),
    ...(isOfRun || !newest || newest.archive === record.archive ? {} : { usedAfter: newest.archive }),
    ...seen,
  };
}

function seenAnew(
  { inode, seenAt, at }: CatalogRecord,
  { source, seenAt: now }: Use,
): Pick<CatalogRecord, "inode" | "seenAt"> | undefined {
  const changedMs = Math.floor(source.mtimeMs);
  const isTouched = changedMs > Date.parse(seenAt ?? at) && changedMs <= now.getTime();
  if (inode === source.inode && !isTouched) return undefined;
  return { inode: source.inode, seenAt: now.toISOString() };
}
