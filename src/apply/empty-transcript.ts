import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Fingerprint, isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { isStillThere } from "../disk/probes.ts";
import { dropArchivedBytes, WRITTEN_TO } from "../disk/shorten.ts";
import { KeeperError } from "../errors.ts";
import type { Step } from "../plan/plan.ts";
import { hasNoRows } from "../transcript/contents.ts";
import { openTranscript } from "../transcript/open.ts";
import { editRegistry, isStillNeeded } from "./edit-registry.ts";
import { undoOfReplaced } from "./left.ts";
import type { Outcome } from "./outcome.ts";
import { obstacleOf, wordUnfinished } from "./replace-transcript.ts";
import { dropCaches } from "./session-caches.ts";
import type { Progress, Tools } from "./tools.ts";

type EmptyStep = Extract<Step, { kind: "empty-transcript" }>;

const UUID_TRANSCRIPT = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.jsonl$/i;
const CLEAR_ATTEMPTS = 3;

/** Takes all archived rows out of a Claude Code transcript; what anybody added since stays in it. */
export async function emptyTranscript(step: EmptyStep, progress: Progress, tools: Tools): Promise<Outcome> {
  const { transcript } = step;
  const { archived, job } = progress;
  if (!archived) throw new KeeperError("failed", `${transcript.path} has no archive`, "it was left as it is");
  const changed = { step, result: "changed-since-plan", because: WRITTEN_TO, detail: {} } as const;
  if (!job.force && !isUnchanged(archived.source, lookAt(transcript.path)?.fingerprint)) return changed;
  const file = await openTranscript(transcript.path, archived.source);
  let shortened: Awaited<ReturnType<typeof dropArchivedBytes>>;
  try {
    const { source, probes } = archived;
    if (!isStillThere(file.fd, probes)) return changed;
    dropCaches(transcript.path, transcript.sessionId, tools.disk); // before: a stop must not leave one that leads astray
    const emptiedAtMs = timeOfEmptied(transcript.path, source);
    shortened = await dropArchivedBytes(tools.disk, transcript.path, file, source, probes, emptiedAtMs);
  } finally {
    await file.close();
  }
  if ("refused" in shortened) return { step, ...obstacleOf(shortened), detail: {} };
  await stepBackInTime(transcript.path, archived.source, tools);
  await clearAgain(progress, tools);
  const { carriedBytes, paddingBytes, problem } = shortened;
  return {
    step,
    result: "done",
    ...(problem === undefined ? {} : { because: wordUnfinished(problem) }),
    detail: {
      how: shortened.how,
      carriedBytes,
      bytesBefore: archived.source.sizeBytes,
      bytesAfter: lookAt(transcript.path)?.fingerprint.sizeBytes ?? 0,
    },
    undo: await undoOfReplaced(transcript, archived, {
      bytes: paddingBytes + carriedBytes,
      restFrom: paddingBytes,
      mayGrow: false,
      carriedBytes,
    }),
  };
}

/**
 * Makes an emptied transcript look older than the others of its folder: the newest is what `--continue` opens. One that
 * somebody has written to again keeps its time.
 */
async function stepBackInTime(path: string, before: Fingerprint, { disk }: Tools): Promise<void> {
  const now = lookAt(path);
  if (!now) return;
  const file = await openTranscript(path, now.fingerprint);
  const isEmpty = await hasNoRows(file, now.fingerprint.sizeBytes);
  await file.close();
  if (isEmpty) disk.setTimes(path, timeOfEmptied(path, before));
}

/** Just before the oldest of the other transcripts in its folder, or what it was when there are none (epoch ms). */
function timeOfEmptied(path: string, before: Fingerprint): number {
  const folder = dirname(path);
  const others = readdirSync(folder)
    .filter((name) => UUID_TRANSCRIPT.test(name) && name !== basename(path))
    .flatMap((name) => lookAt(join(folder, name))?.fingerprint.mtimeMs ?? []);
  return others.length > 0 ? Math.min(before.mtimeMs, Math.min(...others) - 1000) : before.mtimeMs;
}

/** A turn that was under way may have written the id back when it ended. */
async function clearAgain(progress: Progress, tools: Tools): Promise<void> {
  for (const step of progress.job.steps) {
    for (
      let attempt = 0;
      step.kind === "edit-registry" && isStillNeeded(step) && attempt < CLEAR_ATTEMPTS;
      attempt += 1
    ) {
      await editRegistry(step, { job: { ...progress.job, force: true } }, tools);
    }
  }
}
