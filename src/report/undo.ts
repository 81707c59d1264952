import type { Lasting } from "../undo/plan.ts";
import type { UndoOutcome } from "../undo/session.ts";
import { reportFinding } from "./build.ts";
import { actionKindOf, type InstallationReport, type ReportedAction, type ReportedFinding } from "./document.ts";
import { wordUndo } from "./undo-wording.ts";

/** What `restore undo` saw and did, as it is told. What stands in the way is a finding; so is what nobody can undo. */
export function reportUndo(
  outcomes: readonly UndoOutcome[],
  lasting: readonly Lasting[],
): Pick<InstallationReport, "findings" | "actions" | "spared"> {
  return {
    findings: [...outcomes.flatMap(obstacle), ...lasting.map(tellLasting)],
    actions: outcomes.flatMap(action),
    spared: [],
  };
}

function obstacle({ kind, session, place, result, because }: UndoOutcome): ReportedFinding[] {
  if (result !== "blocked") return [];
  const evidence = { step: kind, place, because };
  return [reportFinding({ kind: "not-undone", severity: "warning", ...session, evidence }, false)];
}

function tellLasting({ kind, path }: Lasting): ReportedFinding {
  const about = path === undefined ? {} : { path };
  return reportFinding({ kind: "not-undone", severity: "info", ...about, evidence: { step: kind } }, false);
}

function action({ kind, session, place, result, because, hint, detail }: UndoOutcome): ReportedAction[] {
  if (result === "blocked") return [];
  const { path, sessionId } = session;
  return [
    {
      kind: actionKindOf(kind),
      message: wordUndo({ kind, result, because, detail }),
      ...{ path, sessionId, because: [], result },
      ...(hint ? { hint } : {}),
      detail: { place, ...(kind === "edit-registry" || kind === "append-note" ? {} : detail) },
    },
  ];
}
