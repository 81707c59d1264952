import { randomUUID } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import { dialects } from "../dialects/index.ts";
import { claudeCodeSegmentRow, openClawSegmentRow, type SegmentHeader } from "../dialects/segment-header.ts";
import { gatherDigest } from "../digest/gather.ts";
import { asLines } from "../digest/room.ts";
import { type DigestRows, digestRows } from "../digest/rows.ts";
import { ownershipOf } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { draftPathFor } from "../disk/left-behind.ts";
import { KeeperError } from "../errors.ts";
import { runCommand } from "../host/command.ts";
import type { Step } from "../plan/plan.ts";
import { openTranscript } from "../transcript/open.ts";
import { undoOfReplaced } from "./left.ts";
import type { Outcome } from "./outcome.ts";
import { replaceTranscript } from "./replace-transcript.ts";
import { segmentHeaderOf } from "./segment-header-of.ts";
import type { Archived, Progress, Tools } from "./tools.ts";

type DigestStep = Extract<Step, { kind: "digest-transcript" }>;

const SUMMARIZE_LIMIT_MS = 120_000;
/** Ids of OpenClaw's rows are that long. */
const SHORT_ID_LENGTH = 8;

/** Leaves, in place of a transcript that is archived, a short one with what matters, from which the same session goes on. */
export async function digestTranscript(step: DigestStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { transcript } = step;
  const { archived, job } = progress;
  if (!archived) throw new KeeperError("failed", `${transcript.path} has no archive`, "it was left as it is");
  const file = await openTranscript(transcript.path, archived.source);
  const draftPath = draftPathFor(transcript.path);
  try {
    const written = await summarize(file, tools);
    const content = await contentOf(step, file, archived, written.text, tools);
    if (!content) {
      const because = "no digest of it can be made: rotate.digestSize is too small, or nothing was ever replied in it";
      return { step, result: "failed", because, hint: "it was left as it is; use --strategy empty", detail: {} };
    }
    tools.disk.createWith(draftPath, content, ownershipOf(archived.source));
    const { source, probes } = archived;
    const { mtimeMs, sizeBytes } = source;
    const replacement = { draftPath, file, source, probes, mtimeMs, mayGrow: job.force };
    const put = await replaceTranscript(transcript, replacement, tools);
    if ("because" in put) return { step, ...put, detail: {} };
    const { carriedBytes } = put;
    return {
      step,
      result: "done",
      ...(written.problem || put.problem
        ? { because: [written.problem, put.problem].filter((problem) => problem !== undefined).join("; ") }
        : {}),
      detail: { bytesBefore: sizeBytes, bytesAfter: content.length },
      undo: await undoOfReplaced(transcript, archived, {
        bytes: content.length + carriedBytes,
        restFrom: content.length,
        mayGrow: false,
        carriedBytes,
      }),
    };
  } finally {
    await file.close();
    if (lookAt(draftPath)) tools.disk.remove(draftPath); // gone, when it got the transcript's name
  }
}

async function contentOf(
  { transcript }: DigestStep,
  file: FileHandle,
  archived: Archived,
  summarizedBy: string | undefined,
  tools: Tools,
): Promise<Buffer | undefined> {
  const facts = await gatherDigest(file, archived.bytes, dialects[transcript.dialect], tools.signal);
  const first = (carriedLines: number) => segmentRow(transcript, segmentHeaderOf(archived, carriedLines));
  const digest = digestRows(facts, {
    archive: basename(archived.path),
    files: archived.files,
    limitBytes: tools.settings.rotate.digestSize - first(0).length - 2 * SHORT_ID_LENGTH,
    sessionId: transcript.sessionId,
    nowMs: archived.source.mtimeMs,
    ...(summarizedBy ? { summarizedBy } : {}),
  });
  return digest && joined(digest, first(digest.carried), transcript.dialect === "openclaw" ? 1 : 0);
}

function segmentRow({ dialect, sessionId }: DigestStep["transcript"], header: SegmentHeader): Buffer {
  return dialect === "claude-code"
    ? claudeCodeSegmentRow(sessionId, header)
    : openClawSegmentRow(randomUUID().slice(0, SHORT_ID_LENGTH), header);
}

/** @param at behind how many lines the row of ours stands */
function joined({ lines }: DigestRows, row: Buffer, at: number): Buffer {
  return asLines([...lines.slice(0, at), row, ...lines.slice(at)]);
}

/** What the command that the user named writes of the conversation; without it, or when it fails, the plain digest serves. */
async function summarize(file: FileHandle, tools: Tools): Promise<{ text?: string; problem?: string }> {
  const argv = tools.settings.rotate.summarize;
  if (!argv) return {};
  const options = { timeoutMs: SUMMARIZE_LIMIT_MS, env: tools.env, signal: tools.signal, stdin: file.fd };
  const { status, timedOut, failure, stdout } = await runCommand(argv, options);
  tools.signal.throwIfAborted();
  if (status === 0 && stdout.trim() !== "") return { text: stdout };
  const reason = timedOut ? "it took too long" : (failure ?? (status === 0 ? "it wrote nothing" : `status ${status}`));
  return { problem: `without rotate.summarize, which failed: ${reason}` };
}
