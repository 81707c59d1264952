import { isUnchanged, lookAt } from "../disk/fingerprint.ts";
import { carelessWriters } from "../disk/shorten.ts";
import { KeeperError } from "../errors.ts";
import type { Transcript } from "../installation/installation.ts";
import type { Job, Step, StepKind } from "../plan/plan.ts";
import { counted } from "../progress.ts";
import { readRegistry } from "../registry/read.ts";
import type { JobOutcome } from "./apply.ts";
import { askGateway } from "./ask-gateway.ts";
import { editTogether } from "./edit-together.ts";
import type { EditStep } from "./entry-undo.ts";
import { isFinished, type Outcome } from "./outcome.ts";
import { placeFiles, withdraw } from "./place-files.ts";
import { applyStep, begin, end, outcomeOf } from "./step.ts";
import type { Placed, Progress, Tools } from "./tools.ts";

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
  for (const edits of editsTogether(all)) await edit(edits, tools);
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

/** What a job does to the entries of one registry; of a session that moves, of two. `placed`: the copies made for it. */
type Edit = { one: Underway; steps: EditStep[]; placed?: Placed };

function editsTogether(all: readonly Underway[]): Iterable<Edit[]> {
  const groups = new Map<string, Map<Underway, EditStep[]>>();
  for (const one of all) {
    const steps = one.job.steps.filter((step) => step.kind === "edit-registry");
    const move = steps.filter(({ change }) => change === "move-in" || change === "move-out");
    for (const step of steps) {
      const places = (move.includes(step) ? move : [step]).map(({ entry }) => entry.registryPath);
      if (step.edit?.request) places.push("by the gateway");
      const group = groups.get(places.join("\n")) ?? new Map<Underway, EditStep[]>();
      groups.set(places.join("\n"), group.set(one, [...(group.get(one) ?? []), step]));
    }
  }
  return [...groups.values()].map((group) => [...group].map(([one, steps]) => ({ one, steps })));
}

async function edit(edits: readonly Edit[], tools: Tools): Promise<void> {
  if (edits.some(({ steps }) => steps.some((step) => step.edit?.request))) {
    for (const one of edits) await ask(one, tools); // each takes seconds, so each begins when it is its turn
    return;
  }
  const ready: Edit[] = [];
  for (const one of edits) if (await isReady(one, tools)) ready.push(one);
  const outcomes = await editApart(ready, tools);
  for (const one of ready) {
    for (const step of one.steps) {
      const outcome = outcomes.get(step) ?? outcomeOf(new Error("nothing came of it"), step, tools);
      note(one.one, end(step, one.one.job, withPlaced(outcome, one, tools), tools));
    }
  }
}

async function ask(edit: Edit, tools: Tools): Promise<void> {
  const { one, steps } = edit;
  if (!(await isReady(edit, tools))) return;
  for (const step of steps) {
    const outcome = await askGateway(step, tools).catch((error: unknown) => outcomeOf(error, step, tools));
    note(one, end(step, one.job, outcome, tools));
  }
}

/** Journals that the edits of a job begin, and makes the copies that they lead to. False, when that ends the job. */
async function isReady(edit: Edit, tools: Tools): Promise<boolean> {
  const { one, steps } = edit;
  const [first] = steps;
  if (one.hasEnded || !first) return false;
  const changed = changedSince(one, first);
  if (changed) note(one, changed);
  for (const step of one.hasEnded ? [] : steps) {
    const obstacle = begin(step, one.job, tools);
    if (obstacle) note(one, obstacle);
  }
  const into = steps.find(({ change }) => change === "move-in");
  if (one.hasEnded || !into) return !one.hasEnded;
  try {
    edit.placed = await placeFiles(into, one.progress.get(into.transcript.path)?.archived, tools);
    return true;
  } catch (error) {
    for (const step of steps) note(one, end(step, one.job, outcomeOf(error, step, tools), tools));
    return false;
  }
}

/** Copies to which no entry leads in the end go again; of others, an undo has to know. */
function withPlaced(outcome: Outcome, { placed }: Edit, tools: Tools): Outcome {
  const step = outcome.step as EditStep;
  if (!placed || step.change !== "move-in") return outcome;
  if (outcome.result === "done") {
    const { undo } = outcome;
    const { files, folders } = placed;
    const detail = { ...outcome.detail, agent: step.entry.agent, files: files.map(({ path }) => path) };
    return { ...outcome, detail, ...(undo && "added" in undo ? { undo: { ...undo, placed: files, folders } } : {}) };
  }
  try {
    if (!isThere(step)) withdraw(placed, tools);
  } catch {
    // nothing leads to them; the next run finds them there, and takes them up
  }
  return outcome;
}

/** An edit that failed after it was made is made all the same. */
function isThere({ entry: { registryPath, entry } }: EditStep): boolean {
  return readRegistry(registryPath).entries.some(({ key }) => key === entry.key);
}

/** One entry that cannot be edited must not keep the others from it: where an edit of many fails, its halves are tried. */
async function editApart(edits: readonly Edit[], tools: Tools): Promise<Map<Step, Outcome>> {
  const steps = edits.flatMap((edit) => edit.steps);
  try {
    return new Map((await editTogether(steps, tools)).map((outcome) => [outcome.step, outcome]));
  } catch (error) {
    const isOfAnEntry = error instanceof KeeperError && !tools.signal.aborted;
    if (edits.length < 2 || !isOfAnEntry) return new Map(steps.map((step) => [step, outcomeOf(error, step, tools)]));
    const middle = Math.ceil(edits.length / 2);
    const halves = [await editApart(edits.slice(0, middle), tools), await editApart(edits.slice(middle), tools)];
    return new Map(halves.flatMap((half) => [...half]));
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
