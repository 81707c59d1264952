import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { archiveFolderOf } from "../archive/folder.ts";
import { ownershipOf } from "../disk/disk.ts";
import { drain } from "../disk/drain.ts";
import { type Fingerprint, fingerprintOfDescriptor, isSameFile, isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { asidePathFor } from "../disk/left-behind.ts";
import { isStillThere } from "../disk/probes.ts";
import { WRITTEN_TO } from "../disk/shorten.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { listFolder } from "../installation/registries.ts";
import type { Step } from "../plan/plan.ts";
import { openTranscript } from "../transcript/open.ts";
import { archiveRange } from "./archive-transcript.ts";
import { storedBytesOf } from "./left.ts";
import type { Outcome } from "./outcome.ts";
import { removeSidecars } from "./remove-sidecars.ts";
import { lockTranscript } from "./replace-transcript.ts";
import type { Archived, ArchivedSidecars, Progress, Tools } from "./tools.ts";
import type { SidecarsUndo } from "./undo-data.ts";

type RemoveStep = Extract<Step, { kind: "remove-transcript" }>;

/** Of what stays, and why, so much is told one by one. */
const MOST_TOLD = 3;

/**
 * Removes a transcript that is archived and that no entry leads to any more, under its own lock where its program has one.
 * What somebody still added to it is archived too before it goes; what belongs to it goes with it, as far as it was packed.
 */
export async function removeTranscript(step: RemoveStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { transcript } = step;
  const { archived, job } = progress;
  if (!archived) throw new KeeperError("failed", `${transcript.path} has no archive`, "it was left as it is");
  const renamed = job.steps.some(isAsked) ? renamedByGateway(transcript.path, archived.source) : undefined;
  if (renamed !== undefined) return await removeRenamed(step, renamed, archived, tools);
  const lock = await lockTranscript(transcript, tools);
  if (lock && "busy" in lock) return { step, result: "busy", because: lock.busy, detail: {} };
  try {
    const changed = { step, result: "changed-since-plan", because: WRITTEN_TO, detail: {} } as const;
    if (!job.force && !isUnchanged(archived.source, lookAt(transcript.path)?.fingerprint)) return changed;
    const file = await openTranscript(transcript.path, archived.source);
    try {
      if (!isStillThere(file.fd, archived.probes)) return changed;
      return await setAsideAndRemove(step, file, archived, tools);
    } finally {
      await file.close();
    }
  } finally {
    lock?.release();
  }
}

function isAsked(step: Step): boolean {
  return step.kind === "edit-registry" && step.edit?.request !== undefined;
}

/** Where the gateway has put a transcript when it reset or deleted its session; undefined where it has not. */
function renamedByGateway(path: string, source: Fingerprint): string | undefined {
  const folder = dirname(path);
  const isOf = (name: string) => RENAMED.some((mark) => name.startsWith(`${basename(path)}${mark}`));
  const names = listFolder(folder, []).filter(isOf);
  return names.map((name) => join(folder, name)).find((one) => isSameFile(source, lookAt(one)?.fingerprint));
}

const RENAMED = [".reset.", ".deleted."];

/** Nobody writes to what the gateway has given another name; it goes if it is still what was archived. */
async function removeRenamed(step: RemoveStep, path: string, archived: Archived, { disk }: Tools): Promise<Outcome> {
  const { source } = archived;
  if (!isUnchanged(source, lookAt(path)?.fingerprint)) {
    const because = `${path} was written to after it was archived; session-keeper archive sees to it`;
    return { step, result: "changed-since-plan", because, detail: {} };
  }
  const sidecars = archived.sidecars && removeSidecars(archived.sidecars, disk);
  disk.remove(path);
  disk.syncFolder(dirname(path));
  return removed(step, archived, { sidecars, mtimeMs: source.mtimeMs });
}

async function setAsideAndRemove(
  step: RemoveStep,
  file: FileHandle,
  archived: Archived,
  tools: Tools,
): Promise<Outcome> {
  const { disk } = tools;
  const { path } = step.transcript;
  const aside = asidePathFor(path, archived.bytes);
  disk.rename(path, aside);
  if (!isSameFile(archived.source, lookAt(aside)?.fingerprint))
    return giveBack(step, aside, "another file took its name", tools);
  if (!isStillThere(file.fd, archived.probes)) return giveBack(step, aside, WRITTEN_TO, tools);
  const { offset, isQuiet } = await drain(file, archived.bytes, () => undefined);
  const tail = offset > archived.bytes ? await archiveTail(step, file, archived, offset, tools) : undefined;
  // After the transcript lost its name: until then its program may go on with it, and needs them. Before what was set aside
  // goes: as long as that is there, a run that is killed in between leaves a mark by which the next one goes on here.
  const sidecars = archived.sidecars && removeSidecars(archived.sidecars, disk);
  if (isQuiet && !sidecars?.isOpen) disk.remove(aside);
  else disk.rename(aside, asidePathFor(path, offset)); // the next run goes on with both
  disk.syncFolder(dirname(path));
  const mtimeMs = tail ? fingerprintOfDescriptor(file.fd).mtimeMs : archived.source.mtimeMs;
  return removed(step, archived, { tail, sidecars, mtimeMs });
}

/** The outcome of a removal, and what brings all of it back. */
function removed(
  step: RemoveStep,
  archived: Archived,
  {
    tail,
    sidecars,
    mtimeMs,
  }: {
    tail?: Awaited<ReturnType<typeof archiveTail>>;
    sidecars: ReturnType<typeof removeSidecars> | undefined;
    mtimeMs: number;
  },
): Outcome {
  const { path, sessionId, dialect } = step.transcript;
  const { source } = archived;
  return {
    step,
    result: "done",
    ...(sidecars && sidecars.stays.length > 0 ? { because: wordStays(sidecars.stays) } : {}),
    detail: {
      ...{ bytesBefore: source.sizeBytes, bytesAfter: 0 },
      ...(sidecars ? { sidecars: { removed: sidecars.removed, stays: sidecars.stays.length } } : {}),
    },
    undo: {
      ...{ path, sessionId, dialect },
      stored: [archived, ...(tail ? [tail] : [])].map(storedBytesOf),
      left: "nothing",
      mtimeMs,
      ownership: ownershipOf(source),
      ...(archived.sidecars ? { sidecars: undoOf(archived.sidecars) } : {}),
    },
  };
}

/** What was set aside is not what was archived: it gets its name back, and what stands there by now stays. */
function giveBack(step: RemoveStep, aside: string, because: string, { disk }: Tools): Outcome {
  const { path } = step.transcript;
  try {
    disk.link(aside, path);
    disk.remove(aside);
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
    disk.rename(aside, asidePathFor(path, 0)); // the next run brings home all of it
  }
  return { step, result: "changed-since-plan", because, detail: {} };
}

function wordStays(stays: readonly string[]): string {
  const more = stays.length - MOST_TOLD;
  return [...stays.slice(0, MOST_TOLD), ...(more > 0 ? [`so do ${more} more`] : [])].join("; ");
}

function undoOf({ path, base, record }: ArchivedSidecars): SidecarsUndo {
  return { archive: path, base, gzipBytes: record.gzipBytes, sha256: record.sha256 };
}

async function archiveTail(
  step: RemoveStep,
  file: FileHandle,
  archived: Archived,
  to: number,
  tools: Tools,
): ReturnType<typeof archiveRange> {
  const folder = archiveFolderOf(tools.settings, tools.installation, step.transcript);
  const { reason } = archived.record;
  return archiveRange(
    {
      file,
      from: archived.bytes,
      to,
      folder,
      transcript: step.transcript,
      reason,
      purpose: "remove",
      source: undefined,
      tailOf: archived.record,
    },
    tools,
  );
}
