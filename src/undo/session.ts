import { reasonOf } from "../apply/reason.ts";
import type { Tools } from "../apply/tools.ts";
import { KeeperError } from "../errors.ts";
import type { StepKind } from "../plan/plan.ts";
import type { JournalEvent } from "../state/journal.ts";
import { lookAtNote, takeOutOfNote } from "./note.ts";
import { laterRunOn, targetOf, type UndoSession, type UndoStep } from "./plan.ts";
import { lookAtRegistry, putBackEntry } from "./registry.ts";
import { bringBackTranscript } from "./removed.ts";
import { blocked, type Looking, type PutBack, READY, RESTORED, type Standing } from "./standing.ts";
import { lookAtTranscript, putBackTranscript } from "./transcript.ts";

/** What became, or would become, of a step that is to be put back. `place`: the file that it changed. */
export type UndoOutcome = {
  kind: StepKind;
  session: Pick<UndoSession, "path" | "sessionId">;
  place: string;
  step?: UndoStep;
  result: "planned" | "done" | "already-done" | "blocked" | "failed";
  because?: string;
  hint?: string;
  detail?: Record<string, unknown>;
};

/** `inUse`: in words, who uses the transcript at a path; undefined when nobody does, or it does not matter. */
export type Asked = {
  runId: string;
  events: readonly JournalEvent[];
  inUse: (path: string) => string | undefined;
  /** what steps that come first will have put back by then; filled by looking */
  planned?: Set<string>;
};

/**
 * What would become of a session's steps, the last one first. One that is blocked keeps all of them as they are, so that
 * nothing is put back by half; only a note that was changed since is no reason to leave the session.
 */
export async function lookAtSession(session: UndoSession, asked: Asked, looking: Looking): Promise<UndoOutcome[]> {
  const outcomes: UndoOutcome[] = session.unknown.map((kind) => ({
    ...{ kind, session, place: session.path, result: "blocked" },
    because: "the run ended in the middle of it, and what it left was not noted",
  }));
  const planned = asked.planned ?? new Set();
  for (const step of session.steps) {
    const standing = await standingOf(step, asked, looking);
    const target = targetOf(step.undo);
    // what the run changed twice fits once the later change is put back
    const outcome = toOutcome(session, step, standing.state === "blocked" && planned.has(target) ? READY : standing);
    if (outcome.result === "planned") planned.add(target);
    outcomes.push(outcome);
  }
  if (!outcomes.some(({ result }) => result === "planned")) return outcomes;
  const because = asked.inUse(session.path);
  if (because !== undefined) {
    const transcript = outcomes.find(({ result }) => result === "planned");
    if (transcript) Object.assign(transcript, { result: "blocked", because });
  }
  const isHeld = outcomes.some(({ kind, result }) => result === "blocked" && kind !== "append-note");
  return isHeld ? outcomes.filter(({ result }) => result !== "planned") : outcomes;
}

/** Puts back what a run did to a session, the last step first; what stands in the way ends it. */
export async function putBackSession(session: UndoSession, asked: Asked, tools: Tools): Promise<UndoOutcome[]> {
  const outcomes: UndoOutcome[] = [];
  const planned = await lookAtSession(session, asked, tools);
  for (const plan of planned) {
    const { step } = plan;
    if (plan.result !== "planned" || !step) {
      outcomes.push(plan);
      continue;
    }
    const outcome = tools.signal.aborted ? stopped(plan) : await putBackStep(plan, step, asked, tools);
    outcomes.push(outcome);
    if (outcome.result !== "done") break;
  }
  return outcomes;
}

async function putBackStep(plan: UndoOutcome, step: UndoStep, asked: Asked, tools: Tools): Promise<UndoOutcome> {
  const { path, sessionId } = plan.session;
  const about = { kind: plan.kind, path, sessionId, undoes: asked.runId, target: targetOf(step.undo) };
  let outcome: UndoOutcome;
  try {
    tools.journal.write("begin", about);
    const done = await execute(step, tools);
    outcome = "because" in done ? { ...plan, result: "blocked", ...done } : { ...plan, result: "done", ...done };
  } catch (error) {
    if (tools.signal.aborted) return stopped(plan);
    const hint = error instanceof KeeperError ? error.hint : "it was left as it was";
    outcome = { ...plan, result: "failed", because: reasonOf(error), hint };
  }
  const { result, because, detail } = outcome;
  try {
    tools.journal.write("end", { ...about, result, ...(because ? { because } : {}), ...detail });
  } catch {
    // a further undo sees that it is put back
  }
  return outcome;
}

async function execute({ undo }: UndoStep, tools: Tools): Promise<PutBack> {
  if ("registry" in undo) return putBackEntry(undo, tools);
  if ("note" in undo) return takeOutOfNote(undo, tools);
  if (typeof undo.left === "object") return putBackTranscript(undo, undo.left, tools);
  return bringBackTranscript(undo, tools);
}

async function standingOf({ undo }: UndoStep, { events, runId }: Asked, looking: Looking): Promise<Standing> {
  const target = targetOf(undo);
  const isUndone = events.some(
    (event) => event.event === "end" && event.undoes === runId && event.target === target && event.result === "done",
  );
  if (isUndone) return RESTORED;
  if ("note" in undo) return lookAtNote(undo);
  try {
    const standing = "registry" in undo ? await lookAtRegistry(undo, looking) : await lookAtTranscript(undo, looking);
    const later = standing.state === "restored" ? undefined : laterRunOn(events, runId, undo);
    return later === undefined
      ? standing
      : blocked(`run ${later} changed it since; first put that back: session-keeper restore undo ${later}`);
  } catch (error) {
    return blocked(reasonOf(error));
  }
}

function toOutcome(session: UndoSession, step: UndoStep, standing: Standing): UndoOutcome {
  const { path, sessionId } = session;
  const base = { kind: step.kind, session: { path, sessionId }, place: placeOf(step), step };
  if (standing.state === "blocked") return { ...base, result: "blocked", because: standing.because };
  return { ...base, result: standing.state === "ready" ? "planned" : "already-done" };
}

function placeOf({ undo }: UndoStep): string {
  if ("registry" in undo) return undo.registry;
  return "note" in undo ? undo.note : undo.path;
}

function stopped(plan: UndoOutcome): UndoOutcome {
  return { ...plan, result: "blocked", because: "the run was stopped before this was done" };
}
