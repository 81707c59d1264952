import { carelessWriter } from "../disk/shorten.ts";
import { KeeperError } from "../errors.ts";
import type { Job, Plan, Step } from "../plan/plan.ts";
import { appendNote } from "./append-note.ts";
import { archiveTranscript } from "./archive-transcript.ts";
import { cutTranscript } from "./cut-transcript.ts";
import { digestTranscript } from "./digest-transcript.ts";
import { editRegistry } from "./edit-registry.ts";
import { emptyTranscript } from "./empty-transcript.ts";
import { isFinished, type Outcome } from "./outcome.ts";
import { reasonOf } from "./reason.ts";
import { removeLock } from "./remove-lock.ts";
import { removeTranscript } from "./remove-transcript.ts";
import { repairTranscript } from "./repair-transcript.ts";
import type { Progress, Tools } from "./tools.ts";

/** What became of a job: the outcomes of its steps up to the one that ended it. */
export type JobOutcome = { job: Job; outcomes: Outcome[]; isFinished: boolean; hasChanged: boolean };

/**
 * Does the jobs of a plan, one after the other. A job that fails or has to wait does not stop the others; an abort stops
 * before the next step, and inside a long one.
 */
export async function* applyPlan(plan: Plan, tools: Tools): AsyncGenerator<JobOutcome> {
  for (const job of plan.jobs) yield await applyJob(job, tools);
}

async function applyJob(job: Job, tools: Tools): Promise<JobOutcome> {
  const progress: Progress = { job };
  const outcomes: Outcome[] = [];
  const last = job.steps.at(-1);
  // asked before the first step: a file that has to stay as it is must not be forgotten either
  const wait = job.wait ?? (shortens(last) && job.transcript ? carelessWriter(job.transcript.fingerprint) : undefined);
  if (wait && last) outcomes.push({ step: last, result: "busy", because: wait, detail: {} });
  else {
    for (const step of job.steps) {
      const outcome = await applyStep(step, progress, tools);
      outcomes.push(outcome);
      if (!isFinished(outcome)) break;
    }
  }
  const isDone = outcomes.length === job.steps.length && outcomes.every(isFinished);
  return { job, outcomes, isFinished: isDone, hasChanged: isDone && outcomes.some(({ result }) => result === "done") };
}

const SHORTENING = new Set([
  "empty-transcript",
  "remove-transcript",
  "repair-transcript",
  "cut-transcript",
  "digest-transcript",
]);

function shortens(step: Step | undefined): boolean {
  return SHORTENING.has(step?.kind ?? "");
}

async function applyStep(step: Step, progress: Progress, tools: Tools): Promise<Outcome> {
  const about = {
    kind: step.kind,
    ...("transcript" in step ? { path: step.transcript.path, sessionId: step.transcript.sessionId } : {}),
    ...("lock" in step ? { path: step.lock.file.path } : {}),
  };
  if (tools.signal.aborted) return stopped(step);
  try {
    tools.journal.write("begin", about);
  } catch (error) {
    return failure(step, error); // what the journal can't tell of is not done
  }
  const outcome = await execute(step, progress, tools).catch((error: unknown) =>
    tools.signal.aborted ? stopped(step) : failure(step, error),
  );
  try {
    tools.journal.write("end", {
      ...about,
      result: outcome.result,
      ...outcome.detail,
      ...(outcome.undo ? { undo: outcome.undo } : {}),
      ...(outcome.because ? { because: outcome.because } : {}),
    });
  } catch (error) {
    const because = `the run journal could not be written (${reasonOf(error)})`;
    return outcome.because ? outcome : { ...outcome, because };
  }
  return outcome;
}

async function execute(step: Step, progress: Progress, tools: Tools): Promise<Outcome> {
  switch (step.kind) {
    case "archive-transcript":
      return archiveTranscript(step, progress, tools);
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
