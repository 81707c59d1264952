import type { ReportedAction } from "./document.ts";

/** What a run made, did for good or sent: there is nothing to put back. */
const LASTING: ReadonlySet<string> = new Set<ReportedAction["kind"]>([
  "archive-transcript",
  "prune-archive",
  "restart-gateway",
  "notify",
]);

/** True when `restore undo` would have something to put back of what was done. */
export function canUndo(actions: readonly Pick<ReportedAction, "kind" | "result">[]): boolean {
  return actions.some(({ kind, result }) => result === "done" && !LASTING.has(kind));
}
