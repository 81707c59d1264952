import { reasonOf } from "../apply/reason.ts";
import type { NoteUndo, TranscriptUndo } from "../apply/undo-data.ts";
import type { StepKind } from "../plan/plan.ts";
import type { EntryUndo } from "./entries.ts";
import type { History } from "./history.ts";
import { lookAtNote } from "./note.ts";
import { type AboutStep, pathsOf, targetOf, type UndoSession, type UndoStep } from "./plan.ts";
import { blocked, type Looking, READY, RESTORED, type Standing } from "./standing.ts";
import { lookAtWholeRegistry } from "./whole-registry.ts";

/** What became, or would become, of a step that is to be put back. `place`: the file that it changed. */
export type UndoOutcome = {
  kind: StepKind;
  session: Pick<AboutStep, "path" | "sessionId">;
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
  history: History;
  lookAtEntry: (undo: EntryUndo) => Promise<Standing>;
  lookAtTranscript: (undo: TranscriptUndo) => Promise<Standing>;
  inUse: (path: string) => string | undefined;
  /** what steps that come first will have put back by then; filled by looking */
  planned?: Set<string>;
};

/**
 * What would become of a session's steps, the last one first. One that is blocked keeps all of them as they are, so that
 * nothing is put back by half; only a note that was changed since is no reason to leave the session.
 */
export async function lookAtSession(session: UndoSession, asked: Asked, looking: Looking): Promise<UndoOutcome[]> {
  const outcomes: UndoOutcome[] = session.unknown.map(({ kind, path, sessionId }) => ({
    ...{ kind, session: { path, sessionId }, place: path, result: "blocked" },
    because: "the run ended in the middle of it, and what it left was not noted",
  }));
  const planned = asked.planned ?? new Set();
  for (const step of session.steps) {
    const standing = await standingOf(step, asked, looking);
    const target = targetOf(step.undo);
    // what the run changed twice fits once the later change is put back
    const outcome = toOutcome(step, standing.state === "blocked" && planned.has(target) ? READY : standing);
    if (outcome.result === "planned") planned.add(target);
    outcomes.push(outcome);
  }
  if (!outcomes.some(({ result }) => result === "planned")) return outcomes;
  const because = [...pathsOf(session)].map(asked.inUse).find((use) => use !== undefined);
  if (because !== undefined) {
    const transcript = outcomes.find(({ result }) => result === "planned");
    if (transcript) Object.assign(transcript, { result: "blocked", because });
  }
  const isHeld = outcomes.some(({ kind, result }) => result === "blocked" && kind !== "append-note");
  return isHeld ? outcomes.filter(({ result }) => result !== "planned") : outcomes;
}

async function standingOf({ undo }: UndoStep, asked: Asked, looking: Looking): Promise<Standing> {
  const { history } = asked;
  const target = targetOf(undo);
  if (history.undone.has(target)) return RESTORED;
  if ("note" in undo) return lookAtNote(undo);
  try {
    const standing = await lookAtPlace(undo, asked, looking);
    const later = standing.state === "restored" ? undefined : history.laterRuns.get(target);
    return later === undefined
      ? standing
      : blocked(`run ${later} changed it since; first put that back: session-keeper restore undo ${later}`);
  } catch (error) {
    return blocked(reasonOf(error));
  }
}

async function lookAtPlace(
  undo: Exclude<UndoStep["undo"], NoteUndo>,
  { lookAtEntry, lookAtTranscript }: Asked,
  looking: Looking,
): Promise<Standing> {
  if ("backup" in undo) return lookAtWholeRegistry(undo, looking);
  return "registry" in undo ? lookAtEntry(undo) : lookAtTranscript(undo);
}

function toOutcome(step: UndoStep, standing: Standing): UndoOutcome {
  const { path, sessionId } = step;
  const base = { kind: step.kind, session: { path, sessionId }, place: placeOf(step), step };
  if (standing.state === "blocked") return { ...base, result: "blocked", because: standing.because };
  return { ...base, result: standing.state === "ready" ? "planned" : "already-done" };
}

function placeOf({ undo }: UndoStep): string {
  if ("registry" in undo) return undo.registry;
  return "note" in undo ? undo.note : undo.path;
}
