import { KeeperError } from "../errors.ts";
import type { Job, Step } from "../plan/plan.ts";
import { appendNote } from "./append-note.ts";
import { archiveWithSidecars } from "./archive-sidecars.ts";
import { cutTranscript } from "./cut-transcript.ts";
import { digestTranscript } from "./digest-transcript.ts";
import { editRegistry } from "./edit-registry.ts";
import { emptyTranscript } from "./empty-transcript.ts";
import type { Outcome } from "./outcome.ts";
import { reasonOf } from "./reason.ts";
import { removeLeftover } from "./remove-leftover.ts";
import { removeLock } from "./remove-lock.ts";
import { removeTranscript } from "./remove-transcript.ts";
import { repairTranscript } from "./repair-transcript.ts";
import { restoreRegistry } from "./restore-registry.ts";
import type { Progress, Tools } from "./tools.ts";

/** Does one step: noted in the journal before and after. Whatever goes wrong becomes its outcome. */
export async function applyStep(step: Step, progress: Progress, tools: Tools): Promise<Outcome> {
  const obstacle = begin(step, progress.job, tools);
  if (obstacle) return obstacle;
  const outcome = await execute(step, progress, tools).catch((error: unknown) => outcomeOf(error, step, tools));
  return end(step, progress.job, outcome, tools);
}

/** What a step that threw has come to. */
export function outcomeOf(error: unknown, step: Step, { signal }: Tools): Outcome {
  return signal.aborted ? stopped(step) : failure(step, error);
}

/** Notes that a step begins; when that cannot be, or the run is to stop, what became of the step instead. */
export function begin(step: Step, job: Job, tools: Tools): Outcome | undefined {
  if (tools.signal.aborted) return stopped(step);
  try {
    tools.journal.write("begin", about(step, job));
    return undefined;
  } catch (error) {
    return failure(step, error); // what the journal can't tell of is not done
  }
}

/** Notes what became of a step. What an undo needs is in the journal then, and kept nowhere else: it can be large. */
export function end(step: Step, job: Job, { undo, ...outcome }: Outcome, tools: Tools): Outcome {
  try {
    tools.journal.write("end", {
      ...about(step, job),
      result: outcome.result,
      ...outcome.detail,
      ...(undo ? { undo } : {}),
      ...(outcome.because ? { because: outcome.because } : {}),
    });
  } catch (error) {
    const because = `the run journal could not be written (${reasonOf(error)})`;
    return outcome.because ? outcome : { ...outcome, because };
  }
  return outcome;
}

/**
 * `job`: the first transcript of a conversation that has several, so that an undo finds their steps together; of an entry that
 * moves without one, where it was.
 */
function about(step: Step, job: Job): Record<string, unknown> {
  const first = job.transcript?.path ?? movedFrom(step);
  const isOther = first !== undefined && "transcript" in step && step.transcript.path !== first;
  return {
    kind: step.kind,
    ...(isOther ? { job: first } : {}),
    ...("transcript" in step ? { path: step.transcript.path, sessionId: step.transcript.sessionId } : {}),
    ...("entry" in step ? { sessionKey: step.entry.entry.key } : {}),
    ...("lock" in step ? { path: step.lock.file.path } : {}),
    ...("broken" in step ? { path: step.broken.registry.path } : {}),
  };
}

function movedFrom(step: Step): string | undefined {
  if (step.kind !== "edit-registry" || (step.change !== "move-in" && step.change !== "move-out")) return undefined;
  const { registryPath, entry } = step.edit?.from ?? step.entry;
  return `${registryPath} ${entry.key}`;
}

async function execute(step: Step, progress: Progress, tools: Tools): Promise<Outcome> {
  switch (step.kind) {
    case "archive-transcript":
      return archiveWithSidecars(step, progress, tools);
    case "append-note":
      return appendNote(step, progress, tools);
    case "edit-registry":
      return editRegistry(step, progress, tools);
    case "repair-transcript":
      return repairTranscript(step, progress, tools);
    case "cut-transcript":
      return cutTranscript(step, progress, tools);
    case "digest-transcript":
      return digestTranscript(step, progress, tools);
    case "empty-transcript":
      return emptyTranscript(step, progress, tools);
    case "remove-transcript":
      return removeTranscript(step, progress, tools);
    case "restore-registry":
      return restoreRegistry(step, tools);
    case "remove-leftover":
      return removeLeftover(step, progress, tools);
    case "remove-lock":
      return removeLock(step, tools);
    case "prune-archive":
    case "restart-gateway":
      throw new Error(`${step.kind} is no step of a job`);
  }
}

function stopped(step: Step): Outcome {
  return { step, result: "busy", because: "the run was stopped before this was done", detail: {} };
}

/** A step that threw changed nothing that it had not archived; the words say what stood in the way. */
function failure(step: Step, error: unknown): Outcome {
  if (error instanceof KeeperError) {
    const result = error.code === "changed" ? "changed-since-plan" : "failed";
    return { step, result, because: error.message, hint: error.hint, detail: {} };
  }
  const hint = `the ${step.kind === "remove-lock" ? "lock" : "session"} was left as it was`;
  return { step, result: "failed", because: reasonOf(error), hint, detail: {} };
}
