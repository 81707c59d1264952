import { carelessWriter } from "../disk/shorten.ts";
import type { Transcript } from "../installation/installation.ts";
import type { Job, Plan, Step } from "../plan/plan.ts";
import { applyBatch } from "./apply-batch.ts";
import { isFinished, type Outcome } from "./outcome.ts";
import { applyStep } from "./step.ts";
import type { Progress, Tools } from "./tools.ts";

/** What became of a job: the outcomes of its steps up to the one that ended it. */
export type JobOutcome = { job: Job; outcomes: Outcome[]; isFinished: boolean; hasChanged: boolean };

/**
 * What stays of a job once it is told, because of ten thousand nothing else may. `left`: itself, where it is not finished.
 * `unmendable`: mending would have left nothing of it, or made it worse.
 */
export type JobEnd = Pick<JobOutcome, "isFinished" | "hasChanged"> & {
  transcript?: Transcript;
  left?: Job;
  unmendable?: { rewind: boolean };
};

/**
 * Does the jobs of a plan, one after the other, and takes them out of it. A job that fails or has to wait does not stop the
 * others; an abort stops before the next step, and inside a long one.
 */
export async function* applyPlan({ jobs }: Plan, tools: Tools): AsyncGenerator<JobOutcome> {
  while (jobs.length > 0) {
    const batch = jobs.splice(0, batchedIn(jobs));
    if (batch.length === 0) yield await applyJob(jobs.shift() as Job, tools);
    else yield* applyBatch(batch, tools);
  }
}

export function endOf({ job, outcomes, isFinished, hasChanged }: JobOutcome): JobEnd {
  const { transcript } = job;
  const refused = outcomes.find(
    ({ step, detail }) => step.kind === "repair-transcript" && detail.refused !== undefined,
  );
  return {
    isFinished,
    hasChanged,
    ...(transcript ? { transcript } : {}),
    ...(isFinished ? {} : { left: job }),
    ...(refused ? { unmendable: { rewind: "rewind" in refused.step && refused.step.rewind === true } } : {}),
  };
}

/** Enough that a large registry is written seldom, and few enough that little waits between its archive and its removal. */
const BATCH_JOBS = 200;

/** How many of the first jobs are done together; 0 for one by itself. */
function batchedIn(jobs: readonly Job[]): number {
  const others = jobs.slice(0, BATCH_JOBS).findIndex(({ isBatched }) => !isBatched);
  return others < 0 ? BATCH_JOBS : others;
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
