import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Dialect } from "../dialects/dialect.ts";
import type { Disk } from "../disk/disk.ts";
import { isSameFile, lookAt } from "../disk/fingerprint.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { expectLine, namesIn, readIndex } from "./catalog-index.ts";
import type { ArchiveReason } from "./names.ts";
import type { Lineage } from "./retention.ts";

/** One archive: where it lies, what it holds and where that came from. */
export type CatalogRecord = {
  /** relative to the archive folder */
  archive: string;
  /** ISO time */
  at: string;
  runId: string;
  /** the command that made it, or that relies on it since; retention only ever touches a command's own archives */
  command: string;
  installation: string;
  dialect: Dialect["name"];
  group: string;
  source: string;
  /** of the source: a file that was replaced since has another one */
  inode?: number;
  /** when the source was last found to hold just these bytes, under this inode; ISO time, absent: only when it was archived */
  seenAt?: string;
  sessionId: string;
  sessionKey?: string;
  reason: ArchiveReason;
  /** of the original, not of the archive */
  bytes: number;
  lines: number;
  sha256: string;
  gzipBytes: number;
  /** 1 for the first archive of a session, then counting; `previous` is the archive before it */
  segment: number;
  previous?: string;
  /** what became of the transcript after this archive was made: only a repair leaves its lines in the live file */
  purpose?: ArchivePurpose;
  /** of what was added while a transcript was removed: the archive that holds what came before it, and goes only with it */
  tailOf?: string;
  /** the session that the chain began with, and the times of the first and last dated rows (ISO) */
  rootSession?: string;
  firstAt?: string;
  lastAt?: string;
  /** of one that was relied on again: the newest of its line at that time, after which it counts as made */
  usedAfter?: string;
  /** the archive that goes on where this one ends, once there is one */
  next?: string;
  /** what belonged to the transcript, if there was something and it was taken along */
  sidecars?: SidecarArchive;
};

/**
 * A gzipped tar of what belonged to a transcript. `archive`: relative to the archive folder. `gzipBytes`, `sha256`: of the
 * stored file itself; `files`, `bytes`: what it holds. `earlier`: made of the same transcript when other files belonged to it.
 */
export type SidecarArchive = {
  archive: string;
  gzipBytes: number;
  sha256: string;
  files: number;
  bytes: number;
  earlier?: Omit<SidecarArchive, "earlier">[];
};

/** What a transcript is archived for. */
export type ArchivePurpose = "cut" | "digest" | "empty" | "remove" | "repair" | "copy";

type Line = CatalogRecord | { pruned: string; at: string; runId: string };

/** Each time another process swaps the catalog in between, a line is added again. More often in a row is no coincidence. */
const APPEND_ATTEMPTS = 20;

/** The file that lists the archives of a folder: one JSON line each, added to, and rewritten when it is long or damaged. */
export function catalogPathOf(folder: string): string {
  return join(folder, "catalog.jsonl");
}

/** The archives that are still there, oldest first. Lines that can't be read are skipped; no catalog is an empty one. */
export function readCatalog(folder: string): CatalogRecord[] {
  return [...readIndex(catalogPathOf(folder)).records.values()];
}

/** The archive of this name, below the folder; undefined for one that the catalog does not know. */
export function recordNamed(folder: string, archive: string): CatalogRecord | undefined {
  return readIndex(catalogPathOf(folder)).records.get(archive);
}

/** The archives of the transcript at a path, oldest first, found without a walk over all others. */
export function recordsOf(folder: string, source: string): CatalogRecord[] {
  const { records, bySource } = readIndex(catalogPathOf(folder));
  return [...namesIn(bySource.get(source))].flatMap((archive) => records.get(archive) ?? []);
}

/** The archives of a session and of others under the same registry key, oldest first, found without a walk over all others. */
export function recordsOfLineage(folder: string, { sessionId, sessionKey }: Lineage): CatalogRecord[] {
  const { records, places, bySession, byKey } = readIndex(catalogPathOf(folder));
  const ofKey = sessionKey === undefined ? undefined : byKey.get(sessionKey);
  const names = new Set([...namesIn(bySession.get(sessionId)), ...namesIn(ofKey)]);
  const ordered = [...names].sort((a, b) => (places.get(a) ?? 0) - (places.get(b) ?? 0));
  return ordered.flatMap((archive) => records.get(archive) ?? []);
}

/** Adds a line and syncs it. A last line torn by a power cut is closed first. */
export function appendToCatalog(disk: Disk, folder: string, line: Line): void {
  const text = JSON.stringify(line);
  if ("archive" in line) expectLine(text, line);
  addLines(disk, catalogPathOf(folder), `${text}\n`);
}

/**
 * Adds whole lines to a catalog, and makes sure that they are in the file that has its name in the end: another process may
 * swap it meanwhile, and carries over only what it still sees. Lines that come twice do no harm.
 */
export function addLines(disk: Disk, path: string, text: string): void {
  for (let attempt = 0; attempt < APPEND_ATTEMPTS; attempt += 1) {
    const written = disk.append(path, `${isTorn(path) ? "\n" : ""}${text}`, { sync: true });
    if (isSameFile(written, lookAt(path)?.fingerprint)) return;
  }
  throw new KeeperError(
    "failed",
    `${path} is replaced again and again by another program`,
    "what was to be entered there is not; find out what replaces it, the next run tries again",
  );
}

function isTorn(path: string): boolean {
  const descriptor = openIfThere(path);
  if (descriptor === undefined) return false;
  try {
    const { size } = fstatSync(descriptor);
    const last = Buffer.alloc(1);
    return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(descriptor);
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
