import type { JobEnd } from "../apply/apply.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { isSameAs, isUnfinished } from "../inspect/begun.ts";
import type { Transcript } from "../installation/installation.ts";
import type { Job } from "../plan/plan.ts";
import type { Underway, Unmendable } from "../state/state.ts";

/** What has to be remembered of jobs before they begin, because a kill in the middle would leave it half done for ever. */
export function underwayOf(jobs: readonly Job[]): Underway[] {
  return jobs.filter(({ wait }) => wait === undefined).flatMap(remember);
}

/** What of it is still to be finished after a run: sessions that are forgotten, and not yet emptied or removed. */
export function stillUnderway(
  before: readonly Underway[],
  done: readonly JobEnd[],
  transcripts: readonly Transcript[],
): Underway[] {
  const finished = new Set(done.filter(({ isFinished }) => isFinished).map(({ transcript }) => transcript?.path));
  const earlier = before.filter(
    (one) => !finished.has(one.path) && transcripts.some((transcript) => isUnfinished(transcript, one)),
  );
  // whether it is forgotten shows next time: an edit may have failed after it was made
  const stuck = done.flatMap(({ left }) => (left && left.wait === undefined ? left : []));
  const kept = new Set(earlier.map(({ path }) => path));
  return [...earlier, ...stuck.flatMap(remember).filter(({ path }) => !kept.has(path))];
}

/** What was found to be beyond mending, by this run or before, and has not changed since. */
export function stillUnmendable(
  before: readonly Unmendable[],
  done: readonly JobEnd[],
  transcripts: readonly Transcript[],
): Unmendable[] {
  const refused = done.flatMap(({ transcript, unmendable }): Unmendable[] => {
    if (!transcript || !unmendable) return [];
    const { inode, sizeBytes, mtimeMs } = transcript.fingerprint;
    return [{ path: transcript.path, inode, sizeBytes, mtimeMs, ...unmendable }];
  });
  const anew = new Set(refused.map(({ path }) => path));
  const earlier = before.filter(
    (one) => !anew.has(one.path) && transcripts.some((transcript) => isSameAs(transcript, one)),
  );
  return [...earlier, ...refused];
}

/** A session that a killed run emptied or removed, and for which it could not restart the gateway any more. */
export function isRestartMissing({ path, inode, sizeBytes, needsRestart }: Underway): boolean {
  if (!needsRestart) return false;
  const now = lookAt(path)?.fingerprint;
  return now === undefined || now.inode !== inode || now.sizeBytes < sizeBytes;
}

/** After these the session goes on under its id. */
const GOING_ON: ReadonlySet<string> = new Set(["repair-transcript", "cut-transcript", "digest-transcript"]);

function remember({ transcript, steps, needsRestart }: Job): Underway[] {
  if (!transcript) return []; // a lock is removed at once, or not at all
  const goesOn = steps.some(({ kind }) => GOING_ON.has(kind));
  const archived = steps.flatMap((step) => (step.kind === "archive-transcript" ? step.reason : []))[0];
  const reason = goesOn ? "repair" : archived; // what was only to be mended or shortened is never given up for it
  if (reason !== "size" && reason !== "corrupt" && reason !== "manual" && reason !== "repair") return [];
  const { path, fingerprint } = transcript;
  const { inode, sizeBytes } = fingerprint;
  return [{ path, inode, sizeBytes, reason, needsRestart }];
}
