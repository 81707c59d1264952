import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { archiveFolderOf } from "../archive/folder.ts";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { asidePathFor } from "../disk/left-behind.ts";
import { drain } from "../disk/shorten.ts";
import { KeeperError } from "../errors.ts";
import { acquireGatewayLock } from "../locks/gateway-lock.ts";
import type { Step } from "../plan/plan.ts";
import { openTranscript } from "../transcript/open.ts";
import { archiveRange } from "./archive-transcript.ts";
import type { Outcome } from "./outcome.ts";
import type { Archived, Progress, Tools } from "./tools.ts";

type RemoveStep = Extract<Step, { kind: "remove-transcript" }>;

const LOCK_WAIT_MS = 5000;

/**
 * Removes an OpenClaw transcript that is archived and that no entry leads to any more, under its own lock. What somebody
 * still added to it is archived too before it goes.
 */
export async function removeTranscript(step: RemoveStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { transcript } = step;
  const { archived, job } = progress;
  if (!archived) throw new KeeperError("failed", `${transcript.path} has no archive`, "it was left as it is");
  const { minAge: minAgeMs, unknownOwnerAge: unknownOwnerAgeMs } = tools.settings.locks;
  const policy = { minAgeMs, unknownOwnerAgeMs, foreignPids: tools.foreignPids };
  const lock = await acquireGatewayLock(tools.disk, transcript.path, {
    waitMs: LOCK_WAIT_MS,
    policy,
    signal: tools.signal,
  });
  if ("busy" in lock) return { step, result: "busy", because: lock.busy, detail: {} };
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
    lock.release();
  }
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
  const { offset, isQuiet } = await drain(file, archived.bytes, () => undefined);
  if (offset > archived.bytes) await archiveTail(step, file, archived, offset, tools);
  if (isQuiet) disk.remove(aside);
  else disk.rename(aside, asidePathFor(path, offset));
  disk.syncFolder(dirname(path));
  const { mtimeMs, mode } = archived.source;
  return {
    step,
    result: "done",
    detail: { bytesBefore: archived.source.sizeBytes, bytesAfter: 0 },
    undo: { path, archive: archived.path, mtimeMs, mode },
  };
}

async function archiveTail(
  step: RemoveStep,
  file: FileHandle,
  archived: Archived,
  to: number,
  tools: Tools,
): Promise<void> {
  const folder = archiveFolderOf(tools.settings, tools.installation, step.transcript);
  const { reason } = archived.record;
  await archiveRange(
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
