import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { carelessWriters } from "../disk/shorten.ts";
import { KeeperError } from "../errors.ts";
import type { Transcript } from "../installation/installation.ts";
import type { Job, Step, StepKind } from "../plan/plan.ts";
import { counted } from "../progress.ts";
import type { JobOutcome } from "./apply.ts";
import { editTogether } from "./edit-together.ts";
import type { EditStep } from "./entry-undo.ts";
import { isFinished, type Outcome } from "./outcome.ts";
import { applyStep, begin, end, outcomeOf } from "./step.ts";
import type { Progress, Tools } from "./tools.ts";

/** A job and how far it is. `progress`: of each transcript, by its path. */
type Underway = { job: Job; outcomes: Outcome[]; progress: Map<string, Progress>; hasEnded: boolean };

/**
 * Does several jobs side by side, in the order that makes each safe: all archives first, then the registry entries, those of
 * one registry in one write, then the rest. A job that cannot go on does not stop the others.
 */
export async function* applyBatch(jobs: readonly Job[], tools: Tools): AsyncGenerator<JobOutcome> {
  const all = jobs.map((job): Underway => ({ job, outcomes: [], progress: new Map(), hasEnded: false }));
  const removed = all.map(({ job }) => removedBy(job));
  const writers = carelessWriters(removed.flat().map(({ fingerprint }) => fingerprint));
  for (const [index, one] of counted("archive-sessions", [...all.entries()])) {
    const wait = writers.splice(0, removed[index]?.length).find((writer) => writer !== undefined);
    await archive(one, one.job.wait ?? wait, tools);
  }
  for (const edits of editsByRegistry(all)) await edit(edits, tools);
  // each waits some moments for late writers, so they wait together
  await Promise.all(all.map((one) => finish(one, tools)));
  for (const { job, outcomes } of all) {
    const isDone = outcomes.length === job.steps.length && outcomes.every(isFinished);
    const hasChanged = isDone && outcomes.some(({ result }) => result === "done");
    yield { job, outcomes, isFinished: isDone, hasChanged };
  }
}

function removedBy({ steps }: Job): Transcript[] {
  return steps.flatMap((step) => (step.kind === "remove-transcript" ? step.transcript : []));
}

async function finish(one: Underway, tools: Tools): Promise<void> {
  for (const step of one.job.steps.filter(({ kind }) => !isEarly(kind))) await take(one, step, tools);
}

function isEarly(kind: StepKind): boolean {
  return kind === "archive-transcript" || kind === "edit-registry";
}

async function archive(one: Underway, wait: string | undefined, tools: Tools): Promise<void> {
  const { job } = one;
  const last = job.steps.at(-1);
  if (wait && last) note(one, { step: last, result: "busy", because: wait, detail: {} });
  for (const step of job.steps.filter(({ kind }) => kind === "archive-transcript")) await take(one, step, tools);
}

type Edit = { one: Underway; step: EditStep };

function editsByRegistry(all: readonly Underway[]): Iterable<Edit[]> {
  const byRegistry = new Map<string, Edit[]>();
  for (const one of all) {
    for (const step of one.job.steps) {
      if (step.kind !== "edit-registry") continue;
      const { registryPath } = step.entry;
      byRegistry.set(registryPath, [...(byRegistry.get(registryPath) ?? []), { one, step }]);
    }
  }
  return byRegistry.values();
}

async function edit(edits: readonly Edit[], tools: Tools): Promise<void> {
  const begun: Edit[] = [];
  for (const { one, step } of edits) {
    if (one.hasEnded) continue;
    const obstacle = changedSince(one, step) ?? begin(step, one.job, tools);
    if (obstacle) note(one, obstacle);
    else begun.push({ one, step });
  }
  const steps = begun.map(({ step }) => step);
  const outcomes = await editApart(steps, tools);
  for (const [index, { one, step }] of begun.entries()) {
    const outcome = outcomes[index];
    if (outcome) note(one, end(step, one.job, outcome, tools));
  }
}

/** One entry that cannot be edited must not keep the others from it: where an edit of many fails, its halves are tried. */
async function editApart(steps: readonly EditStep[], tools: Tools): Promise<Outcome[]> {
  try {
    return await editTogether(steps, tools);
  } catch (error) {
    const isOfAnEntry = error instanceof KeeperError && !tools.signal.aborted;
    if (steps.length < 2 || !isOfAnEntry) return steps.map((step) => outcomeOf(error, step, tools));
    const middle = Math.ceil(steps.length / 2);
    return [...(await editApart(steps.slice(0, middle), tools)), ...(await editApart(steps.slice(middle), tools))];
  }
}

/** Somebody came back to the session after it was archived. */
function changedSince({ progress }: Underway, step: EditStep): Outcome | undefined {
  const isSame = [...progress].every(([path, { archived }]) =>
    archived ? isUnchanged(archived.source, lookAt(path)?.fingerprint) : true,
  );
  return isSame
    ? undefined
    : { step, result: "changed-since-plan", because: "it was written to in the meantime", detail: {} };
}

async function take(one: Underway, step: Step, tools: Tools): Promise<void> {
  if (one.hasEnded || !("transcript" in step)) return;
  const { path } = step.transcript;
  const progress = one.progress.get(path) ?? { job: one.job };
  one.progress.set(path, progress);
  note(one, await applyStep(step, progress, tools));
}

function note(one: Underway, outcome: Outcome): void {
  one.outcomes.push(outcome);
  one.hasEnded ||= !isFinished(outcome);
}
