import { constants, existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { appendToCatalog, type CatalogRecord, recordsOfLineage } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import { verifyGzip } from "../archive/gzip.ts";
import { isStored, type StoredTar } from "../archive/read-tar.ts";
import { archivesBeyond } from "../archive/retention.ts";
import { sidecarArchivesOf } from "../archive/sidecar-archives.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { errnoOf } from "../errors.ts";
import { lineageOf, type Transcript } from "../installation/installation.ts";
import type { Outcome } from "./outcome.ts";
import { reasonOf } from "./reason.ts";
import type { Tools } from "./tools.ts";

/** Lets rotate's oldest archives of a session's line go, beyond the number to keep. An archive that its catalog entry does not fit stays. */
export async function pruneArchives(transcript: Transcript, tools: Tools): Promise<Outcome[]> {
  const folder = archiveFolderOf(tools.settings, tools.installation, transcript);
  const outcomes: Outcome[] = [];
  const { keepArchives } = tools.settings.rotate;
  const lineage = lineageOf(transcript);
  const { runId } = tools;
  const options = { runId, isLive: existsSync };
  const beyond = archivesBeyond(recordsOfLineage(folder, lineage), lineage, keepArchives, options);
  for (const record of beyond) {
    const path = join(folder, record.archive);
    try {
      outcomes.push(...(await pruneArchive(record, path, folder, tools)));
    } catch (error) {
      if (tools.signal.aborted) return outcomes; // the next run lets it go
      const step = { kind: "prune-archive" as const, archive: path };
      outcomes.push({ step, result: "failed", because: reasonOf(error), detail: { archive: path } });
    }
  }
  return outcomes;
}

/** Lets one archive go, if it holds what its catalog entry says. */
export async function pruneArchive(
  record: CatalogRecord,
  path: string,
  folder: string,
  tools: Tools,
): Promise<Outcome[]> {
  const step = { kind: "prune-archive" as const, archive: path };
  const forget = () =>
    appendToCatalog(tools.disk, folder, { pruned: record.archive, at: new Date().toISOString(), runId: tools.runId });
  const seen = lookAt(path);
  const sidecars = sidecarArchivesOf(record, folder).filter(({ archive }) => lookAt(archive));
  if (!path.startsWith(folder + sep) || (!seen && sidecars.length === 0)) {
    forget();
    return [];
  }
  const isOwn = !seen || (seen.kind === "file" && (await holdsItsRecord(path, record, tools.signal)));
  if (!isOwn || !(await areStored(sidecars, tools.signal))) {
    const what = isOwn ? "the archive of what belongs to the session" : "it";
    const because = `${what} does not hold what the catalog says of it, so it was left alone`;
    return [{ step, result: "failed", because, detail: { archive: path } }];
  }
  try {
    // first: the record by which they are found goes with the archive itself
    for (const { archive } of sidecars) tools.disk.remove(archive);
    if (seen) tools.disk.remove(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    return []; // another installation with the same archive folder was faster, and tells of it
  }
  tools.disk.syncFolder(dirname(path));
  forget();
  return [{ step, result: "done", detail: { archive: path, bytes: record.bytes } }];
}

async function areStored(
  archives: readonly (StoredTar & { archive: string })[],
  signal: AbortSignal,
): Promise<boolean> {
  for (const one of archives) if (!(await isStored(one.archive, one, signal))) return false;
  return true;
}

async function holdsItsRecord(
  path: string,
  record: Parameters<typeof verifyGzip>[1],
  signal: AbortSignal,
): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await verifyGzip(file, record, { signal });
    return true;
  } catch {
    signal.throwIfAborted();
    return false;
  } finally {
    await file.close();
  }
}
