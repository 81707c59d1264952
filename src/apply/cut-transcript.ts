import type { FileHandle } from "node:fs/promises";
import { claudeCodeSegmentRow } from "../dialects/segment-header.ts";
import { ownershipOf } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { takeProbes } from "../disk/probes.ts";
import { KeeperError } from "../errors.ts";
import type { Transcript } from "../installation/installation.ts";
import type { Step } from "../plan/plan.ts";
import type { CutRefusal } from "../structure/cut.ts";
import { planCut, withSegmentHeader } from "../structure/plan-cut.ts";
import { shortenedPieces } from "../structure/shortened.ts";
import { openTranscript } from "../transcript/open.ts";
import { undoOfReplaced } from "./left.ts";
import type { Outcome } from "./outcome.ts";
import { replaceTranscript } from "./replace-transcript.ts";
import { segmentHeaderOf } from "./segment-header-of.ts";
import type { Archived, Progress, Tools } from "./tools.ts";

type CutStep = Extract<Step, { kind: "cut-transcript" }>;

/**
 * Takes out of a transcript what stands before its last compaction and is archived by now, so that a resume rebuilds the
 * same conversation. What others append meanwhile stays in the live file.
 */
export async function cutTranscript(step: CutStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { transcript } = step;
  const { archived } = progress;
  if (!archived?.cut) throw new KeeperError("failed", `${transcript.path} has no archive`, "it was left as it is");
  const { plan, probes } = archived.cut;
  const wholeBytes = probes.bytes;
  const file = await openTranscript(transcript.path, archived.source);
  const draftPath = draftPathFor(transcript.path);
  try {
    const header = segmentHeaderOf(archived, plan.carriedLines);
    // Claude Code has no lock, and its writers open the file by its name each time
    const isShared = transcript.dialect === "claude-code";
    const pieces = isShared
      ? shortenedPieces(file, wholeBytes, plan, claudeCodeSegmentRow(transcript.sessionId, header))
      : shortenedPieces(file, wholeBytes, withSegmentHeader(plan, header), undefined);
    const bytesAfter = await tools.disk.createOf(draftPath, pieces, ownershipOf(archived.source));
    const { source } = archived;
    const { mtimeMs, sizeBytes } = source;
    const replacement = { draftPath, file, source, probes, mtimeMs, mayGrow: isShared };
    const put = await replaceTranscript(transcript, replacement, tools);
    if ("because" in put) return { step, ...put, detail: {} };
    const restFrom = bytesAfter - (wholeBytes - plan.keptFrom);
    const { carriedBytes } = put;
    return {
      step,
      result: "done",
      ...(put.problem ? { because: put.problem } : {}),
      detail: { line: plan.boundary.line, carriedLines: plan.carriedLines, bytesBefore: sizeBytes, bytesAfter },
      undo: await undoOfReplaced(transcript, archived, {
        bytes: bytesAfter + carriedBytes,
        restFrom,
        mayGrow: isShared,
        carriedBytes,
      }),
    };
  } finally {
    await file.close();
    if (lookAt(draftPath)) tools.disk.remove(draftPath); // gone, when it got the transcript's name
  }
}

/** How to cut a transcript, with what shows later that it is still the same. */
export async function howToCut(
  file: FileHandle,
  wholeBytes: number,
  transcript: Transcript,
  tools: Tools,
): Promise<NonNullable<Archived["cut"]> | CutRefusal> {
  const plan = await planCut(
    { dialect: transcript.dialect, isBound: transcript.entries.length > 0 },
    file,
    wholeBytes,
    tools.signal,
  );
  return "refused" in plan ? plan : { plan, probes: takeProbes(file.fd, wholeBytes, plan.boundary.at) };
}
