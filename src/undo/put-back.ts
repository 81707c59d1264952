import { reasonOf } from "../apply/reason.ts";
import type { Tools } from "../apply/tools.ts";
import { KeeperError } from "../errors.ts";
import type { EntryUndo } from "./entries.ts";
import { takeOutOfNote } from "./note.ts";
import { targetOf, type UndoSession, type UndoStep } from "./plan.ts";
import { lookerAtEntries, putBackEntries } from "./registry.ts";
import { bringBackTranscript } from "./removed.ts";
import { type Asked, lookAtSession, type UndoOutcome } from "./session.ts";
import type { PutBack } from "./standing.ts";
import { lookerAtTranscripts, putBackTranscript } from "./transcript.ts";
import { putBackWholeRegistry } from "./whole-registry.ts";

type Undoing = Pick<Asked, "runId" | "history" | "inUse">;

/** A session and how far it is: `next` is the first of its steps that is not done yet. */
type Underway = { planned: UndoOutcome[]; next: number; outcomes: UndoOutcome[] };

/**
 * Puts back what a run did to sessions, of each the last step first; what stands in the way ends that session. Several go side
 * by side, so that what a registry held of them comes back in one write: first their transcripts, then their entries.
 */
export async function putBackSessions(
  sessions: readonly UndoSession[],
  asked: Undoing,
  tools: Tools,
): Promise<UndoOutcome[]> {
  const outcomes: UndoOutcome[] = [];
  for (let at = 0; at < sessions.length; ) {
    const batch = batchFrom(sessions, at);
    for (const one of await putBackBatch(batch, asked, tools)) outcomes.push(...one.outcomes);
    at += batch.length;
  }
  return outcomes;
}

/** Enough that a large registry is written seldom, and few enough that a transcript is not long without its entry. */
const BATCH_SESSIONS = 200;

/** What two sessions changed, one after the other, comes back one after the other: it fits only once the later change is gone. */
function batchFrom(sessions: readonly UndoSession[], at: number): UndoSession[] {
  const targets = new Set<string>();
  const batch: UndoSession[] = [];
  for (const session of sessions.slice(at, at + BATCH_SESSIONS)) {
    const own = session.steps.map(({ undo }) => targetOf(undo));
    if (own.some((target) => targets.has(target))) break;
    for (const target of own) targets.add(target);
    batch.push(session);
  }
  return batch;
}

async function putBackBatch(batch: readonly UndoSession[], undoing: Undoing, tools: Tools): Promise<Underway[]> {
  const asked: Asked = {
    ...undoing,
    lookAtEntry: lookerAtEntries(tools),
    lookAtTranscript: lookerAtTranscripts(tools),
  };
  const all: Underway[] = [];
  for (const session of batch) {
    const one = { planned: await lookAtSession(session, asked, tools), next: 0, outcomes: [] };
    all.push(one);
    await goOn(one, asked, tools);
  }
  for (let path = nextRegistry(all); path !== undefined; path = nextRegistry(all)) {
    await putBackTogether(path, all, asked, tools);
    for (const one of all) await goOn(one, asked, tools);
  }
  return all;
}

/** Does the steps of a session up to one that changes a registry. */
async function goOn(one: Underway, asked: Asked, tools: Tools): Promise<void> {
  for (let plan = one.planned[one.next]; plan && !registryOf(plan); plan = one.planned[one.next]) {
    const { step } = plan;
    if (plan.result === "planned" && step) note(one, await putBackStep(plan, step, asked, tools));
    else tell(one, plan);
  }
}

/** The registry that a step still has to put something back into. */
function registryOf({ result, step }: UndoOutcome): string | undefined {
  return result === "planned" && step && "sessionKey" in step.undo ? step.undo.registry : undefined;
}

/**
 * A registry that a step is at, if possible one that no session comes to later: its entries know their places by those that
 * went before them, so they come back at once.
 */
function nextRegistry(all: readonly Underway[]): string | undefined {
  const waiting = new Set<string>();
  const later = new Set<string>();
  for (const { planned, next } of all) {
    const [first, ...others] = planned.slice(next).flatMap((plan) => registryOf(plan) ?? []);
    if (first !== undefined) waiting.add(first);
    for (const other of others) if (other !== first) later.add(other);
  }
  return [...waiting].find((path) => !later.has(path)) ?? [...waiting][0];
}

type Entry = { plan: UndoOutcome; undo: EntryUndo };

async function putBackTogether(path: string, all: readonly Underway[], asked: Asked, tools: Tools): Promise<void> {
  const groups: { one: Underway; entries: Entry[] }[] = [];
  for (const one of all) {
    const entries = entriesAt(path, one);
    // a stop does not come between a transcript that is back and what leads to it: that is one more write
    const isHalfBack = one.outcomes.some(({ result }) => result === "done");
    const obstacle = entries
      .map(({ plan }) => begin(plan, asked, tools, isHalfBack))
      .find((outcome) => outcome !== undefined);
    if (obstacle) note(one, obstacle);
    else if (entries.length > 0) groups.push({ one, entries });
  }
  const undoes = groups.map(({ entries }) => entries.map(({ undo }) => undo));
  let results: (PutBack | { error: unknown })[][];
  try {
    results = await putBackEntries(path, undoes, tools);
  } catch (error) {
    results = undoes.map((group) => group.map(() => ({ error })));
  }
  for (const [group, { one, entries }] of groups.entries()) {
    const ended = entries.map(({ plan }, index) =>
      end(plan, results[group]?.[index] ?? { error: NO_RESULT }, asked, tools),
    );
    for (const outcome of ended) if (one.next < one.planned.length) note(one, outcome);
  }
}

const NO_RESULT = new Error("nothing came of it");

/** The steps that a session is at, as far as they are of this registry. */
function entriesAt(path: string, one: Underway): Entry[] {
  const entries: Entry[] = [];
  for (const plan of one.planned.slice(one.next)) {
    const { step } = plan;
    if (registryOf(plan) !== path || !step || !("sessionKey" in step.undo)) break;
    entries.push({ plan, undo: step.undo });
  }
  return entries;
}

/** Tells of a step, and goes on to the next one; one that was not put back is the last. */
function note(one: Underway, outcome: UndoOutcome): void {
  tell(one, outcome);
  if (outcome.result !== "done") one.next = one.planned.length;
}

function tell(one: Underway, outcome: UndoOutcome): void {
  one.outcomes.push(outcome);
  one.next += 1;
}

async function putBackStep(plan: UndoOutcome, step: UndoStep, asked: Asked, tools: Tools): Promise<UndoOutcome> {
  const obstacle = begin(plan, asked, tools);
  if (obstacle) return obstacle;
  return end(plan, await execute(step, tools).catch((error: unknown) => ({ error })), asked, tools);
}

/** Notes that a step begins; what became of it when that cannot be, or the run is to stop, unless it goes on with its session. */
function begin(plan: UndoOutcome, asked: Asked, tools: Tools, goesOn = false): UndoOutcome | undefined {
  if (tools.signal.aborted && !goesOn) return stopped(plan);
  try {
    tools.journal.write("begin", about(plan, asked));
    return undefined;
  } catch (error) {
    return end(plan, { error }, asked, tools);
  }
}

/** Notes what became of a step. */
function end(plan: UndoOutcome, done: PutBack | { error: unknown }, asked: Asked, tools: Tools): UndoOutcome {
  if ("error" in done && tools.signal.aborted) return stopped(plan);
  const outcome = outcomeOf(plan, done);
  const { result, because, detail } = outcome;
  try {
    tools.journal.write("end", { ...about(plan, asked), result, ...(because ? { because } : {}), ...detail });
  } catch {
    // a further undo sees that it is put back
  }
  return outcome;
}

function outcomeOf(plan: UndoOutcome, done: PutBack | { error: unknown }): UndoOutcome {
  if ("because" in done) return { ...plan, result: "blocked", because: done.because };
  if ("detail" in done) return { ...plan, result: "done", detail: done.detail };
  const { error } = done;
  const hint = error instanceof KeeperError ? error.hint : "it was left as it was";
  return { ...plan, result: "failed", because: reasonOf(error), hint };
}

function about({ kind, session: { path, sessionId }, step }: UndoOutcome, { runId }: Asked): Record<string, unknown> {
  return { kind, path, sessionId, undoes: runId, ...(step ? { target: targetOf(step.undo) } : {}) };
}

async function execute({ undo }: UndoStep, tools: Tools): Promise<PutBack> {
  if ("note" in undo) return takeOutOfNote(undo, tools);
  if ("backup" in undo) return putBackWholeRegistry(undo, tools);
  if ("registry" in undo) throw new Error("entries of a registry are put back together");
  if (typeof undo.left === "object") return putBackTranscript(undo, undo.left, tools);
  return bringBackTranscript(undo, tools);
}

function stopped(plan: UndoOutcome): UndoOutcome {
  return { ...plan, result: "blocked", because: "the run was stopped before this was done" };
}
