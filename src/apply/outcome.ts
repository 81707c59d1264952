import type { Step } from "../plan/plan.ts";
import type { UndoData } from "./undo-data.ts";

/**
 * What became of a step. `busy`: somebody uses what it needs, the next run tries again. `changed-since-plan`: what was
 * found is not there any more in that form. Neither is a failure.
 */
export type StepResult = "done" | "already-done" | "changed-since-plan" | "busy" | "failed";

export type Outcome = {
  step: Step;
  result: StepResult;
  /** in words, for everything but a plain success */
  because?: string;
  hint?: string;
  /** facts for the report and the journal; never content */
  detail: Record<string, unknown>;
  /** what `restore undo` needs to put back what the step changed */
  undo?: UndoData;
};

export function isFinished({ result }: Outcome): boolean {
  return result === "done" || result === "already-done";
}
