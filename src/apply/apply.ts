import { carelessWriter } from "../disk/shorten.ts";
import type { Job, Plan, Step } from "../plan/plan.ts";
import { applyBatch } from "./apply-batch.ts";
import { isFinished, type Outcome } from "./outcome.ts";
import { applyStep } from "./step.ts";
import type { Progress, Tools } from "./tools.ts";

/** What became of a job: the outcomes of its steps up to the one that ended it. */
export type JobOutcome = { job: Job; outcomes: Outcome[]; isFinished: boolean; hasChanged: boolean };

/**
 * Does the jobs of a plan, one after the other. A job that fails or has to wait does not stop the others; an abort stops
 * before the next step, and inside a long one.
 */
export async function* applyPlan(plan: Plan, tools: Tools): AsyncGenerator<JobOutcome> {
  for (let at = 0; at < plan.jobs.length; ) {
    const batch = batchFrom(plan.jobs, at);
    if (batch.length === 0) yield await applyJob(plan.jobs[at++] as Job, tools);
    else yield* applyBatch(batch, tools);
    at += batch.length;
  }
}

/** Enough that a large registry is written seldom, and few enough that little waits between its archive and its removal. */
const BATCH_JOBS = 200;

function batchFrom(jobs: readonly Job[], at: number): Job[] {
  const others = jobs.slice(at, at + BATCH_JOBS).findIndex(({ isBatched }) => !isBatched);
  return jobs.slice(at, others < 0 ? at + BATCH_JOBS : at + others);
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
