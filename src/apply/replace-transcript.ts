import type { FileHandle } from "node:fs/promises";
import { isSameFile, isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { lastingAppender, putInPlace } from "../disk/shorten.ts";
import { acquireGatewayLock } from "../locks/gateway-lock.ts";
import type { Step } from "../plan/plan.ts";
import type { Outcome } from "./outcome.ts";
import { reasonOf } from "./reason.ts";
import { dropCaches } from "./session-caches.ts";
import type { Archived, Tools } from "./tools.ts";

/** The gateway's own waiters give up after ten seconds; we give up earlier rather than make a turn fail. */
const LOCK_WAIT_MS = 5000;

type TranscriptStep = Extract<Step, { kind: "repair-transcript" | "cut-transcript" | "digest-transcript" }>;

/** What takes a transcript's place. */
export type Replacement = {
  draftPath: string;
  /** the old one, open */
  file: FileHandle;
  archived: Archived;
  /** so many bytes of the old one are in the archive or in the draft; what is behind them is carried over */
  bytes: number;
  /** somebody may be appending to it */
  mayGrow: boolean;
  /** looks once more, in the last moment, whether the bytes that count are what they were */
  isStill: () => Promise<boolean>;
};

/**
 * Gives a draft the name of its transcript: under the transcript's lock, where its program has one, and only while nobody
 * keeps the old one open.
 *
 * @returns what stood in the way; or that it is done, and in words what could not be finished
 */
export async function replaceTranscript(
  step: TranscriptStep,
  { draftPath, file, archived, bytes, mayGrow, isStill }: Replacement,
  tools: Tools,
): Promise<{ obstacle: Outcome } | { problem?: string }> {
  const { path, dialect, sessionId } = step.transcript;
  const { minAge: minAgeMs, unknownOwnerAge: unknownOwnerAgeMs } = tools.settings.locks;
  const policy = { minAgeMs, unknownOwnerAgeMs, foreignPids: tools.foreignPids };
  const lock =
    dialect === "openclaw"
      ? await acquireGatewayLock(tools.disk, path, { waitMs: LOCK_WAIT_MS, policy, signal: tools.signal })
      : undefined;
  const obstacle = (result: "busy" | "changed-since-plan", because: string) => ({
    obstacle: { step, result, because, detail: {} },
  });
  if (lock && "busy" in lock) return obstacle("busy", lock.busy);
  let result: { obstacle: Outcome } | { problem?: string } = {};
  try {
    const appender = await lastingAppender(archived.source);
    if (appender) return obstacle("busy", appender);
    const now = lookAt(path)?.fingerprint;
    const isExpected = mayGrow
      ? isSameFile(archived.source, now) && (now?.sizeBytes ?? 0) >= bytes
      : isUnchanged(archived.source, now);
    if (!isExpected || !(await isStill())) return obstacle("changed-since-plan", "it was written to in the meantime");
    dropCaches(path, sessionId, tools.disk); // before: a stop in between must not leave one that leads astray
    const { mtimeMs } = archived.source;
    const put = await putInPlace(tools.disk, path, file, bytes, { draft: draftPath, mtimeMs });
    if ("refused" in put) return obstacle("busy", put.refused);
    result = put.problem === undefined ? {} : { problem: wordUnfinished(put.problem) };
    return result;
  } finally {
    const stuck = release(lock);
    if (stuck && !("obstacle" in result)) result.problem = [result.problem, stuck].filter(Boolean).join("; ");
  }
}

/** A lock that cannot be taken off is no reason to say of what was done that it was not: its owner is gone in a moment. */
function release(lock: { release: () => boolean } | undefined): string | undefined {
  try {
    lock?.release();
    return undefined;
  } catch (error) {
    return `its lock could not be taken off (${reasonOf(error)}); the next run does it`;
  }
}

/** Said of a step that is done when the last of what others wrote is not yet where it belongs. */
export function wordUnfinished(error: unknown): string {
  return `what others wrote in that moment could not be written yet (${reasonOf(error)}); the next run does it`;
}
