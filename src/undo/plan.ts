import type { UndoData } from "../apply/undo-data.ts";
import type { StepKind } from "../plan/plan.ts";
import type { JournalEvent } from "../state/journal.ts";
import { readUndoData } from "./read-data.ts";

/** A step of a run, and the transcript that it was about. */
export type AboutStep = { kind: StepKind; path: string; sessionId: string };

/** A step of a run that can be put back. */
export type UndoStep = AboutStep & { undo: UndoData };

/**
 * What a run did to one session, the last step first: to all of its transcripts, where a conversation has several. `path`: of
 * the first of them. `unknown`: steps in the middle of which the run ended.
 */
export type UndoSession = { path: string; steps: UndoStep[]; unknown: AboutStep[] };

/** What cannot be put back: an archive that was let go, a gateway that was restarted, a lock of which nobody was the owner. */
export type Lasting = { kind: "prune-archive" | "restart-gateway" | "remove-lock"; path?: string };

/** What a run changed, the last session first. `undoes`: it was itself an undo, of that run. `areNamed`: its files were named. */
export type UndoPlan = { undoes?: string; areNamed: boolean; sessions: UndoSession[]; lasting: Lasting[] };

/** Makes of what the journal tells of a run what is to be put back, in order. Undefined for a run that it does not know. Pure. */
export function planUndo(events: readonly JournalEvent[], runId: string): UndoPlan | undefined {
  const own = events.filter((event) => event.runId === runId);
  if (own.length === 0) return undefined;
  const plan: UndoPlan = { areNamed: own.some(areFilesNamed), sessions: [], lasting: [] };
  const undoes = own.map((event) => event.undoes).find((id) => typeof id === "string");
  if (undoes !== undefined) return { ...plan, undoes };
  const sessions = new Map<string, UndoSession>();
  const begun = new Map<string, JournalEvent>(); // several at once, where registry entries were edited together
  const forget = (event: JournalEvent | undefined) => {
    const kind = event && kindOf(event);
    const about = event && kind && aboutOf(kind, event);
    if (about && CHANGES_SESSIONS.has(about.kind)) sessionOf(sessions, event, about).unknown.unshift(about);
  };
  for (const event of own) {
    const name = [event.kind, event.path, event.sessionKey].join(" ");
    if (event.event === "begin") {
      forget(begun.get(name));
      begun.set(name, event);
    }
    if (event.event !== "end") continue;
    begun.delete(name);
    const kind = kindOf(event);
    if (event.result !== "done" || !kind) continue;
    if (kind === "restart-gateway") plan.lasting.push({ kind });
    if (kind === "remove-lock" && typeof event.path === "string") plan.lasting.push({ kind, path: event.path });
    if (kind === "prune-archive" && typeof event.archive === "string") plan.lasting.push({ kind, path: event.archive });
    const about = aboutOf(kind, event);
    if (!about || !CHANGES_SESSIONS.has(kind)) continue;
    const undo = readUndoData(event.undo);
    const session = sessionOf(sessions, event, about);
    if (undo) session.steps.unshift({ ...about, undo });
    else session.unknown.unshift(about);
  }
  for (const event of begun.values()) forget(event);
  plan.sessions = [...sessions.values()].toReversed();
  return plan;
}

/** The last runs that changed something that can be put back, the newest first. */
export function recentRuns(events: readonly JournalEvent[], most = 5): { runId: string; command: string }[] {
  const commands = new Map<string, string>();
  const changing = new Set<string>();
  for (const event of events) {
    if (event.event === "run-begin" && typeof event.command === "string") commands.set(event.runId, event.command);
    if (event.event === "end" && event.result === "done" && event.undo !== undefined) changing.add(event.runId);
  }
  const last = [...changing].toReversed().slice(0, most);
  return last.map((runId) => ({ runId, command: commands.get(runId) ?? "" }));
}

/** The transcripts of a session, and what was made of them for another agent. */
export function pathsOf({ path, steps, unknown }: UndoSession): Set<string> {
  const copies = steps.flatMap(({ undo }) => ("added" in undo ? (undo.placed ?? []) : []));
  return new Set([...[path, ...copies.map((copy) => copy.path)], ...[...steps, ...unknown].map((step) => step.path)]);
}

/** The registries that were changed for a session. */
export function registriesOf({ steps }: UndoSession): string[] {
  return steps.flatMap(({ undo }) => ("registry" in undo ? undo.registry : []));
}

/** What a step changed: a file, or an entry of a registry. */
export function targetOf(undo: UndoData): string {
  if ("registry" in undo) return "sessionKey" in undo ? `${undo.registry} ${undo.sessionKey}` : undo.registry;
  return "note" in undo ? undo.note : undo.path;
}

const CHANGES_SESSIONS: ReadonlySet<StepKind> = new Set<StepKind>([
  "append-note",
  "edit-registry",
  "repair-transcript",
  "cut-transcript",
  "digest-transcript",
  "empty-transcript",
  "remove-transcript",
  "remove-leftover",
  "restore-registry",
]);

function areFilesNamed({ event, files }: JournalEvent): boolean {
  return event === "run-begin" && typeof files === "number";
}

const LASTING: ReadonlySet<string> = new Set<Lasting["kind"]>(["prune-archive", "restart-gateway", "remove-lock"]);

function kindOf({ kind }: JournalEvent): StepKind | undefined {
  if (typeof kind !== "string") return undefined;
  return CHANGES_SESSIONS.has(kind as StepKind) || LASTING.has(kind) ? (kind as StepKind) : undefined;
}

function aboutOf(kind: StepKind, { path, sessionId }: JournalEvent): AboutStep | undefined {
  return typeof path === "string" ? { kind, path, sessionId: String(sessionId ?? "") } : undefined;
}

/**
 * A conversation of several transcripts has one fate: what keeps one of them keeps all. A registry is about many sessions, each
 * of which is put back by itself.
 */
function sessionOf(
  sessions: Map<string, UndoSession>,
  { job, sessionKey }: JournalEvent,
  about: AboutStep,
): UndoSession {
  const path = typeof job === "string" ? job : about.path;
  const name = path.endsWith(".json") ? `${path} ${sessionKey}` : path;
  const session = sessions.get(name) ?? { path, steps: [], unknown: [] };
  sessions.set(name, session);
  return session;
}
