import type { FileHandle } from "node:fs/promises";
import { type Fingerprint, isSameFile, isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { isStillThere, type Probes } from "../disk/probes.ts";
import { lastingAppender, putInPlace, type Refused, WRITTEN_TO } from "../disk/shorten.ts";
import { lockRulesOf } from "../installation/lock-rules.ts";
import { acquireGatewayLock, type HeldLock } from "../locks/gateway-lock.ts";
import type { Outcome } from "./outcome.ts";
import { reasonOf } from "./reason.ts";
import { dropCaches } from "./session-caches.ts";
import type { Tools } from "./tools.ts";
import type { TranscriptUndo } from "./undo-data.ts";

/** The gateway's own waiters give up after ten seconds; we give up earlier rather than make a turn fail. */
const LOCK_WAIT_MS = 5000;

/** What takes a transcript's place. */
export type Replacement = {
  draftPath: string;
  /** the old one, open */
  file: FileHandle;
  /** the old one, as it was when the draft was made of it */
  source: Fingerprint;
  /** so many bytes of the old one are in the archive or in the draft; what is behind them is carried over */
  probes: Probes;
  /** what the new one shall have as its time of change when nothing is carried over (epoch ms) */
  mtimeMs: number;
  /** somebody may be appending to it */
  mayGrow: boolean;
  /** looks once more, closer than by the probes, whether the bytes that count are what they were */
  isStill?: () => Promise<boolean>;
};

/** What stood in the way of a change, so that nothing was changed. */
export type Obstacle = { result: Extract<Outcome["result"], "busy" | "changed-since-plan">; because: string };

/**
 * Gives a draft the name of its transcript: under the transcript's lock, where its program has one, and only while nobody
 * keeps the old one open.
 *
 * @returns what stood in the way; when it is done, how many bytes were carried over, and in words what could not be finished
 */
export async function replaceTranscript(
  of: Pick<TranscriptUndo, "path" | "sessionId" | "dialect">,
  { draftPath, file, source, probes, mtimeMs, mayGrow, isStill }: Replacement,
  tools: Tools,
): Promise<Obstacle | { carriedBytes: number; problem?: string }> {
  const { path, sessionId } = of;
  const lock = await lockTranscript(of, tools);
  if (lock && "busy" in lock) return { result: "busy", because: lock.busy };
  let done: { carriedBytes: number; problem?: string } | undefined;
  try {
    const appender = await lastingAppender(source);
    if (appender) return { result: "busy", because: appender };
    const now = lookAt(path)?.fingerprint;
    const isExpected = (mayGrow ? isSameFile(source, now) : isUnchanged(source, now)) && isStillThere(file.fd, probes);
    if (!isExpected || (await isStill?.()) === false) return { result: "changed-since-plan", because: WRITTEN_TO };
    dropCaches(path, sessionId, tools.disk); // before: a stop in between must not leave one that leads astray
    const put = await putInPlace(tools.disk, path, file, probes, { draft: draftPath, mtimeMs });
    if ("refused" in put) return obstacleOf(put);
    const { carriedBytes, problem } = put;
    done = { carriedBytes, ...(problem === undefined ? {} : { problem: wordUnfinished(problem) }) };
    return done;
  } finally {
    const stuck = release(lock);
    if (stuck && done) done.problem = [done.problem, stuck].filter(Boolean).join("; ");
  }
}

/** What stood in the way of a change of the file itself. */
export function obstacleOf({ refused, isChanged }: Refused): Obstacle {
  return { result: isChanged ? "changed-since-plan" : "busy", because: refused };
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

/** Takes the lock of a transcript, where its program has one. */
export async function lockTranscript(
  { path, dialect }: Pick<TranscriptUndo, "path" | "dialect">,
  tools: Tools,
): Promise<HeldLock | { busy: string } | undefined> {
  if (dialect === "claude-code") return undefined;
  const rules = lockRulesOf(tools.installation, tools.settings, tools);
  return acquireGatewayLock(tools.disk, path, { waitMs: LOCK_WAIT_MS, rules, signal: tools.signal });
}
