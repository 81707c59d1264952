import { type FileHandle, open } from "node:fs/promises";
import { dialects } from "../dialects/index.ts";
import { ownershipOf } from "../disk/disk.ts";
import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { KeeperError } from "../errors.ts";
import type { Step } from "../plan/plan.ts";
import type { Damage } from "../structure/damage.ts";
import { isMendable } from "../structure/effects.ts";
import { type Draft, type Mended, type MendResult, mendFile } from "../structure/mend-file.ts";
import { readWholeRows } from "../structure/read-rows.ts";
import { readerFor } from "../structure/reader-for.ts";
import { openTranscript } from "../transcript/open.ts";
import { undoOfReplaced } from "./left.ts";
import type { Outcome } from "./outcome.ts";
import { replaceTranscript } from "./replace-transcript.ts";
import type { Archived, Progress, Tools } from "./tools.ts";

type RepairStep = Extract<Step, { kind: "repair-transcript" }>;

/**
 * Mends a transcript that is archived: a copy in which only what is broken was taken out or put right is written beside it,
 * looked at, and given its name. Where the copy would show damage that was not there before, nothing is changed.
 */
export async function repairTranscript(step: RepairStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { transcript } = step;
  const { archived } = progress;
  if (!archived) throw new KeeperError("failed", `${transcript.path} has no archive`, "it was left as it is");
  const file = await openTranscript(transcript.path, archived.source);
  try {
    const mended = await mendFile(
      { path: transcript.path, file, bytes: archived.bytes },
      dialects[transcript.dialect],
      step.rewind ? readWholeRows : await readerFor(archived.bytes),
      (pieces) => writeDraft(pieces, step, archived, tools),
      { rewind: step.rewind === true, signal: tools.signal },
    );
    if ("refused" in mended)
      return isUnchanged(archived.source, lookAt(transcript.path)?.fingerprint)
        ? refusal(step, mended, progress)
        : changed(step);
    try {
      return await replace(step, file, mended, archived, tools);
    } finally {
      await mended.draft.discard();
    }
  } finally {
    await file.close();
  }
}

async function writeDraft(
  pieces: AsyncIterable<Buffer>,
  { transcript }: RepairStep,
  { source }: Archived,
  { disk }: Tools,
): Promise<Draft> {
  const path = draftPathFor(transcript.path);
  const sizeBytes = await disk.createOf(path, pieces, ownershipOf(source));
  const file = await open(path);
  const discard = async () => {
    await file.close();
    if (lookAt(path)) disk.remove(path); // gone, when it got the transcript's name
  };
  return { path, file, sizeBytes, discard };
}

async function replace(
  step: RepairStep,
  file: FileHandle,
  mended: Mended,
  archived: Archived,
  tools: Tools,
): Promise<Outcome> {
  const { path } = step.transcript;
  const { source, probes } = archived;
  const { mtimeMs, sizeBytes } = source;
  const replacement = { draftPath: mended.draft.path, file, source, probes, mtimeMs, mayGrow: false };
  const put = await replaceTranscript(step.transcript, replacement, tools);
  if ("because" in put) return { step, ...put, detail: {} };
  const { carriedBytes } = put;
  return {
    step,
    result: "done",
    ...(put.problem ? { because: put.problem } : {}),
    detail: {
      mended: tally(mended.before, mended.after),
      lost: mended.losses,
      left: mended.after.filter(isMendable).length,
      bytesBefore: sizeBytes,
      bytesAfter: lookAt(path)?.fingerprint.sizeBytes ?? 0,
    },
    undo: await undoOfReplaced(step.transcript, archived, {
      bytes: mended.draft.sizeBytes + carriedBytes,
      restFrom: mended.draft.sizeBytes,
      mayGrow: false,
      carriedBytes,
    }),
  };
}

function changed(step: RepairStep): Outcome {
  return { step, result: "changed-since-plan", because: "it was written to in the meantime", detail: {} };
}

const REFUSALS = {
  nothing: "there is nothing in it that can be mended any more",
  worse: "the mended copy would show damage that was not there before, so the transcript was left as it is",
  empty: "nothing of it would be left, so it was left as it is",
} as const;

function refusal(
  step: RepairStep,
  { refused }: Extract<MendResult, { refused: unknown }>,
  { job: { needsRestart: isCondemned } }: Progress,
): Outcome {
  const because = REFUSALS[refused];
  if (refused === "nothing") return { step, result: "already-done", because, detail: {} };
  const { sessionId, entries } = step.transcript;
  const byHand =
    entries.length > 0 ? `; to give it up: session-keeper rotate --session ${sessionId} --strategy digest --force` : "";
  const giveUp = isCondemned ? "; the next run does without mending it" : byHand;
  const hint = `nothing was changed, and its archive holds a copy${giveUp}`;
  return { step, result: "failed", because, hint, detail: { refused } };
}

/** How many of each kind are gone. */
function tally(before: readonly Damage[], after: readonly Damage[]): Record<string, number> {
  const count: Record<string, number> = {};
  for (const { kind } of before.filter(isMendable)) count[kind] = (count[kind] ?? 0) + 1;
  for (const { kind } of after.filter(isMendable)) count[kind] = (count[kind] ?? 0) - 1;
  return Object.fromEntries(Object.entries(count).filter(([, mended]) => mended > 0));
}
