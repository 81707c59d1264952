import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { archiveFolderOf } from "../archive/folder.ts";
import { ownershipOf } from "../disk/disk.ts";
import { fingerprintOfDescriptor, isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { asidePathFor } from "../disk/left-behind.ts";
import { drain } from "../disk/shorten.ts";
import { KeeperError } from "../errors.ts";
import type { Step } from "../plan/plan.ts";
import { openTranscript } from "../transcript/open.ts";
import { archiveRange } from "./archive-transcript.ts";
import { storedBytesOf } from "./left.ts";
import type { Outcome } from "./outcome.ts";
import { lockTranscript } from "./replace-transcript.ts";
import type { Archived, Progress, Tools } from "./tools.ts";

type RemoveStep = Extract<Step, { kind: "remove-transcript" }>;

/**
 * Removes an OpenClaw transcript that is archived and that no entry leads to any more, under its own lock. What somebody
 * still added to it is archived too before it goes.
 */
export async function removeTranscript(step: RemoveStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { transcript } = step;
  const { archived, job } = progress;
  if (!archived) throw new KeeperError("failed", `${transcript.path} has no archive`, "it was left as it is");
  const lock = await lockTranscript(transcript, tools);
  if (lock && "busy" in lock) return { step, result: "busy", because: lock.busy, detail: {} };
  try {
    if (!job.force && !isUnchanged(archived.source, lookAt(transcript.path)?.fingerprint)) {
      return { step, result: "changed-since-plan", because: "it was written to in the meantime", detail: {} };
    }
    const file = await openTranscript(transcript.path, archived.source);
    try {
      return await setAsideAndRemove(step, file, archived, tools);
    } finally {
      await file.close();
    }
  } finally {
    lock?.release();
  }
}

async function setAsideAndRemove(
  step: RemoveStep,
  file: FileHandle,
  archived: Archived,
  tools: Tools,
): Promise<Outcome> {
  const { disk } = tools;
  const { path, sessionId, dialect } = step.transcript;
  const aside = asidePathFor(path, archived.bytes);
  disk.rename(path, aside);
  const { offset, isQuiet } = await drain(file, archived.bytes, () => undefined);
  const tail = offset > archived.bytes ? await archiveTail(step, file, archived, offset, tools) : undefined;
  if (isQuiet) disk.remove(aside);
  else disk.rename(aside, asidePathFor(path, offset));
  disk.syncFolder(dirname(path));
  const { source } = archived;
  return {
    step,
    result: "done",
    detail: { bytesBefore: source.sizeBytes, bytesAfter: 0 },
    undo: {
      ...{ path, sessionId, dialect },
      stored: [archived, ...(tail ? [tail] : [])].map(storedBytesOf),
      left: "nothing",
      mtimeMs: tail ? fingerprintOfDescriptor(file.fd).mtimeMs : source.mtimeMs,
      ownership: ownershipOf(source),
    },
  };
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
    },
    tools,
  );
}
