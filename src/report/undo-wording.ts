import { formatSize } from "../config/units.ts";
import type { Lasting } from "../undo/plan.ts";
import type { UndoOutcome } from "../undo/session.ts";

type Undoable = Exclude<UndoOutcome["kind"], "archive-transcript" | Lasting["kind"]>;

/** What it is called to put a step back: before it is done, and after. */
const WORDS: Record<Undoable, { plan: string; done: string }> = {
  "append-note": { plan: "take its text out of the note", done: "its text is out of the note" },
  "edit-registry": { plan: "put its registry entry back", done: "its registry entry is back" },
  "repair-transcript": { plan: "put back the lines that were mended", done: "it is as before it was mended" },
  "cut-transcript": { plan: "put back what was cut off", done: "what was cut off is back" },
  "digest-transcript": { plan: "put it back in place of the digest", done: "it is back in place of the digest" },
  "empty-transcript": { plan: "put back what it was emptied of", done: "what it was emptied of is back" },
  "remove-transcript": { plan: "bring it back", done: "it is back" },
  "restore-registry": { plan: "put the registry back as it was", done: "the registry is as it was" },
  "remove-leftover": { plan: "bring it back", done: "it is back" },
};

const LASTING: Record<Lasting["kind"], string> = {
  "prune-archive": "the run let an archive go, which is not undone",
  "remove-lock": "the run took a lock off of which nobody was the owner, which is not undone",
  "restart-gateway": "the run restarted the gateway, which is not undone",
};

/** The sentence of a finding `not-undone`. */
export function wordNotUndone({ step, because }: Record<string, unknown>): string {
  if (because === undefined) return LASTING[step as Lasting["kind"]];
  return `could not ${wordsFor(step as UndoOutcome["kind"])?.plan ?? "put it back"}: ${because}`;
}

/** What became, or would become, of a step that is to be put back. */
export function wordUndo({
  kind,
  result,
  because,
  detail,
}: Pick<UndoOutcome, "kind" | "result"> & { because?: string | undefined; detail?: UndoOutcome["detail"] }): string {
  const { plan, done } = wordsFor(kind);
  if (result === "failed") return `could not ${plan}: ${because}`;
  if (result === "already-done") return `${done} already`;
  if (result === "planned") return plan;
  const isFile = kind !== "edit-registry" && kind !== "append-note";
  if (!isFile) return done;
  return `${done}: ${size(detail?.bytesBefore)} before, ${size(detail?.bytesAfter)} now${wordKept(detail?.sidecars)}`;
}

/** Of the files that belong to a transcript. */
function wordKept(sidecars: unknown): string {
  const { kept } = (sidecars ?? {}) as { kept?: number };
  return kept ? `; where ${kept} of its other files belong, something else stands by now and stays` : "";
}

function wordsFor(kind: UndoOutcome["kind"]): { plan: string; done: string } {
  return WORDS[kind as Undoable];
}

function size(bytes: unknown): string {
  return formatSize(typeof bytes === "number" ? bytes : 0);
}
