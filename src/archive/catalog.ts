import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Dialect } from "../dialects/dialect.ts";
import type { Disk } from "../disk/disk.ts";
import type { ArchiveReason } from "./names.ts";

/** One archive: where it lies, what it holds and where that came from. */
export type CatalogRecord = {
  /** relative to the archive folder */
  archive: string;
  /** ISO time */
  at: string;
  runId: string;
  /** the command that made it; retention only ever touches a command's own archives */
  command: string;
  installation: string;
  dialect: Dialect["name"];
  group: string;
  source: string;
  /** of the source: a file that was replaced since has another one */
  inode?: number;
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
  /** the session that the chain began with, and the times of the first and last dated rows (ISO) */
  rootSession?: string;
  firstAt?: string;
  lastAt?: string;
  /** the archive that goes on where this one ends, once there is one */
  next?: string;
  /** what lay beside the transcript and belongs to it. `sha256`: of the stored file; `bytes`: of the files in it */
  sidecars?: { archive: string; gzipBytes: number; sha256: string; files: number; bytes: number };
};

/** What a transcript is archived for. */
export type ArchivePurpose = "cut" | "digest" | "empty" | "remove" | "repair" | "copy";

type Line = CatalogRecord | { pruned: string; at: string; runId: string };

/** The file that lists the archives of a folder: one JSON line each, only ever added to. */
export function catalogPathOf(folder: string): string {
  return join(folder, "catalog.jsonl");
}

/** The archives that are still there, oldest first. Lines that can't be read are skipped; no catalog is an empty one. */
export function readCatalog(folder: string): CatalogRecord[] {
  const path = catalogPathOf(folder);
  if (!existsSync(path)) return [];
  const records = new Map<string, CatalogRecord>();
  for (const text of readFileSync(path, "utf8").split("\n")) {
    if (text === "") continue;
    let line: Line;
    try {
      line = JSON.parse(text);
    } catch {
      continue; // torn by a power cut
    }
    if ("pruned" in line) records.delete(line.pruned);
    else if (typeof line.archive === "string") records.set(line.archive, line);
  }
  return [...records.values()];
}

/** Adds a line and syncs it. A last line torn by a power cut is closed first. */
export function appendToCatalog(disk: Disk, folder: string, line: Line): void {
  const path = catalogPathOf(folder);
  const isTorn = existsSync(path) && !endsWithNewline(path);
  disk.append(path, `${isTorn ? "\n" : ""}${JSON.stringify(line)}\n`, { sync: true });
}

/** The archives of one transcript that are still there, oldest first. */
export function recordsOf(folder: string, source: string): CatalogRecord[] {
  return readCatalog(folder).filter((record) => record.source === source);
}

function endsWithNewline(path: string): boolean {
  const bytes = readFileSync(path);
  return bytes.length === 0 || bytes.at(-1) === 0x0a;
}
