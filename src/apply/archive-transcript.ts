import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  type ArchivePurpose,
  appendToCatalog,
  type CatalogRecord,
  recordNamed,
  recordsOf,
  recordsOfLineage,
} from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import { type GzipSummary, gzipRange, verifyGzip } from "../archive/gzip.ts";
import { archiveName } from "../archive/names.ts";
import { dialects } from "../dialects/index.ts";
import { readSegmentHeader } from "../dialects/segment-header.ts";
import type { Disk } from "../disk/disk.ts";
import { type Fingerprint, fingerprintOfDescriptor, isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { takeProbes } from "../disk/probes.ts";
import { errnoOf } from "../errors.ts";
import { holdersOf } from "../host/processes.ts";
import type { Transcript } from "../installation/installation.ts";
import { lineageOf, sessionKeyOf } from "../installation/installation.ts";
import type { Step } from "../plan/plan.ts";
import { during } from "../progress.ts";
import { wordObstacle } from "../structure/cut.ts";
import { parseRow } from "../transcript/contents.ts";
import { linesAtEnds, readLinesBackwards } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import { collectTouchedFiles } from "../transcript/touched-files.ts";
import { partialName, removeAbandoned } from "./abandoned.ts";
import { findCatalogued, renewed } from "./catalogued.ts";
import { howToCut } from "./cut-transcript.ts";
import type { Outcome } from "./outcome.ts";
import type { Archived, Progress, Tools } from "./tools.ts";

type ArchiveStep = Extract<Step, { kind: "archive-transcript" }>;

/** A last line without its newline is somebody's write in progress while it is held open, or was written to so lately. */
const WRITE_IN_PROGRESS_MS = 2000;

/**
 * Copies a transcript into the archive: written beside, synced, read back and compared, put under its name without
 * replacing anything, and entered in the catalog. Bytes that the catalog holds already are not archived again.
 */
export async function archiveTranscript(step: ArchiveStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { transcript } = step;
  const folder = archiveFolderOf(tools.settings, tools.installation, transcript);
  const file = await openTranscript(transcript.path, transcript.fingerprint);
  try {
    const source = fingerprintOfDescriptor(file.fd);
    // what somebody adds meanwhile stays in the live file when it is cut
    const isShared = step.purpose === "cut" && transcript.dialect === "claude-code";
    const mayGrow = progress.job.force || (isShared && source.sizeBytes >= transcript.fingerprint.sizeBytes);
    if (!mayGrow && !isUnchanged(transcript.fingerprint, source)) return changed(step);
    const wholeBytes = await wholeLines(file, source);
    const cut = step.purpose === "cut" ? await howToCut(file, wholeBytes, transcript, tools) : undefined;
    if (cut && "refused" in cut)
      return { step, result: "changed-since-plan", because: wordObstacle(cut.refused), detail: {} };
    const bytes = cut?.plan.archivedTo ?? wholeBytes;
    const state = { source, bytes, probes: takeProbes(file.fd, bytes), ...(cut ? { cut } : {}) }; // before they are read
    const seenAt = new Date();
    const known = await findCatalogued(file, bytes, folder, transcript, tools.signal);
    if (known) {
      removeAbandoned(dirname(known.path), tools);
      const { command, runId } = tools;
      const newest = recordsOfLineage(folder, lineageOf(transcript)).at(-1);
      const { purpose, reason } = step;
      const record = renewed(known.record, { command, runId, reason, purpose, source, seenAt, newest });
      if (record) appendToCatalog(tools.disk, folder, record);
      if (record) known.record = record;
      progress.archived = { ...known, ...state };
      return {
        step,
        result: "already-done",
        because: "these bytes are in the archive already",
        detail: describe(known.record, known.path),
      };
    }
    const made = await archiveRange(
      {
        file,
        from: 0,
        to: bytes,
        folder,
        transcript,
        reason: step.reason,
        purpose: step.purpose,
        source: mayGrow ? undefined : source,
      },
      tools,
    );
    if (!made) return changed(step);
    progress.archived = { ...made, ...state };
    return { step, result: "done", detail: describe(made.record, made.path) };
  } finally {
    await file.close();
  }
}

/**
 * Archives the bytes [from, to) of an open transcript.
 *
 * @param of.source when given, nothing is published if the file is not in this state any more
 * @param of.tailOf the archive of what came before these bytes, when they came while the transcript was removed
 * @returns undefined when it was not
 */
export async function archiveRange(
  of: {
    file: FileHandle;
    from: number;
    to: number;
    folder: string;
    transcript: Transcript;
    reason: CatalogRecord["reason"];
    purpose: ArchivePurpose;
    source: Fingerprint | undefined;
    tailOf?: CatalogRecord | undefined;
  },
  tools: Tools,
): Promise<Omit<Archived, "source" | "bytes" | "probes"> | undefined> {
  const { disk, signal } = tools;
  const { transcript, folder } = of;
  const at = new Date();
  const name = (attempt: number) =>
    archiveName({
      dialect: transcript.dialect,
      group: transcript.group,
      sessionId: transcript.sessionId,
      reason: of.reason,
      at,
      attempt,
    });
  const place = dirname(join(folder, name(1)));
  disk.makeFolder(place);
  removeAbandoned(place, tools);
  const touched = collectTouchedFiles(dialects[transcript.dialect]);
  const { partial, target } = await createPartial(folder, name, disk);
  let summary: GzipSummary;
  try {
    summary = await during("archive", of.to - of.from, (advance) => {
      const onChunk = (bytes: Buffer) => {
        touched.push(bytes);
        advance(bytes.length);
      };
      return gzipRange(of.file, { from: of.from, to: of.to }, target, { signal, onChunk });
    });
    await target.sync();
    await verifyGzip(target, summary, { signal });
    await target.close();
    if (of.source && !isUnchanged(of.source, lookAt(transcript.path)?.fingerprint)) {
      disk.remove(partial);
      return undefined;
    }
  } catch (error) {
    await target.close().catch(() => undefined);
    disk.remove(partial);
    throw error;
  }
  const archive = publish(partial, folder, name, tools);
  const path = join(folder, archive);
  try {
    disk.remove(partial);
    disk.syncFolder(dirname(partial));
    const record = { ...recordOf(archive, at, summary, of, tools), ...(await originOf(of)) };
    appendToCatalog(disk, folder, record);
    linkPrevious(record, folder, disk);
    return { record, path, files: touched.end() };
  } catch (error) {
    // an archive that no catalog knows is never let go, and each further run would add another
    if (!recordNamed(folder, archive)) disk.remove(path);
    throw error;
  }
}

/** Another installation of this run may have a session of the same id, and archive it in this very second. */
async function createPartial(
  folder: string,
  name: (attempt: number) => string,
  disk: Disk,
): Promise<{ partial: string; target: FileHandle }> {
  for (let attempt = 1; ; attempt += 1) {
    const partial = join(folder, partialName(name(attempt)));
    try {
      return { partial, target: await disk.create(partial) };
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
    }
  }
}

function recordOf(
  archive: string,
  at: Date,
  summary: GzipSummary,
  {
    transcript,
    folder,
    reason,
    purpose,
    tailOf,
  }: {
    transcript: Transcript;
    folder: string;
    reason: CatalogRecord["reason"];
    purpose: ArchivePurpose;
    tailOf?: CatalogRecord | undefined;
  },
  tools: Tools,
): CatalogRecord {
  const earlier = recordsOf(folder, transcript.path).filter(({ sessionId }) => sessionId === transcript.sessionId);
  const sessionKey = sessionKeyOf(transcript);
  const previous = earlier.at(-1);
  return {
    archive,
    at: at.toISOString(),
    runId: tools.runId,
    command: tailOf?.command ?? tools.command, // it is let go together with what it belongs to
    installation: tools.installation.name,
    dialect: transcript.dialect,
    group: transcript.group,
    source: transcript.path,
    inode: transcript.fingerprint.inode,
    sessionId: transcript.sessionId,
    ...(sessionKey ? { sessionKey } : {}),
    reason,
    ...summary,
    segment: (previous?.segment ?? 0) + 1,
    ...(previous ? { previous: previous.archive } : {}),
    purpose,
    ...(tailOf ? { tailOf: tailOf.archive } : {}),
  };
}

/** Which session the conversation began as, and from when to when the archived rows are. */
async function originOf(of: {
  file: FileHandle;
  to: number;
  transcript: Transcript;
}): Promise<Pick<CatalogRecord, "rootSession" | "firstAt" | "lastAt">> {
  const dialect = dialects[of.transcript.dialect];
  const rows = (await linesAtEnds(of.file, of.to)).map(parseRow).filter((row) => row !== undefined);
  const header = rows.slice(0, 2).flatMap((row) => readSegmentHeader(row, dialect.name) ?? [])[0];
  const times = rows.flatMap((row) => (readSegmentHeader(row, dialect.name) ? [] : (dialect.writtenAt(row) ?? [])));
  const [firstMs, lastMs] = [times[0], times.at(-1)];
  return {
    rootSession: header?.rootSession || of.transcript.sessionId,
    ...(firstMs === undefined ? {} : { firstAt: new Date(firstMs).toISOString() }),
    ...(lastMs === undefined ? {} : { lastAt: new Date(lastMs).toISOString() }),
  };
}

/** The archive before learns of the one that goes on from it. That one names it too, so nothing is lost without this. */
function linkPrevious({ previous, archive }: CatalogRecord, folder: string, disk: Tools["disk"]): void {
  const before = previous === undefined ? undefined : recordNamed(folder, previous);
  try {
    if (before) appendToCatalog(disk, folder, { ...before, next: archive });
  } catch {
    // the archive is made and known: a disk that is full by now must not undo that
  }
}

/** Gives the archive its name by linking, which fails on a name that is taken, so nothing is ever replaced. */
function publish(partial: string, folder: string, name: (attempt: number) => string, { disk }: Tools): string {
  for (let attempt = 1; ; attempt += 1) {
    const archive = name(attempt);
    try {
      disk.link(partial, join(folder, archive));
      return archive;
    } catch (error) {
      if (errnoOf(error) === "EEXIST") continue;
      disk.remove(partial);
      throw error;
    }
  }
}

/** The length up to which the file holds whole lines; a last line that nobody will finish counts as whole. */
async function wholeLines(file: FileHandle, source: Fingerprint): Promise<number> {
  const { sizeBytes, mtimeMs } = source;
  if (sizeBytes === 0) return 0;
  const last = Buffer.alloc(1);
  await file.read(last, 0, 1, sizeBytes - 1);
  if (last[0] === 0x0a) return sizeBytes;
  const isHeld = holdersOf(source).some(({ writes }) => writes);
  if (!isHeld && Date.now() - mtimeMs > WRITE_IN_PROGRESS_MS) return sizeBytes;
  for await (const line of readLinesBackwards(file, sizeBytes)) return sizeBytes - line.length;
  return sizeBytes;
}

function describe(record: CatalogRecord, path: string): Record<string, unknown> {
  const { bytes, lines, sha256, gzipBytes, segment } = record;
  return { archive: path, bytes, lines, sha256, gzipBytes, segment };
}

function changed(step: ArchiveStep): Outcome {
  return { step, result: "changed-since-plan", because: "it was written to in the meantime", detail: {} };
}
