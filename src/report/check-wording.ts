import type { Check, CheckKind } from "../setup/check.ts";
import { fileWording } from "./check-wording-files.ts";
import { machineWording } from "./check-wording-machine.ts";
import { programWording } from "./check-wording-programs.ts";
import type { ReportedCheck } from "./document.ts";

/** What a line of the checklist says: its message, and what to do where something is to be done. */
export type CheckWords = (
  evidence: Record<string, unknown>,
  path: string,
) => string | [message: string, remedy: string];

const wording: Record<CheckKind, CheckWords> = { ...machineWording, ...fileWording, ...programWording };

/** A line of the checklist as it is told. */
export function reportCheck(check: Check): ReportedCheck {
  const words = wording[check.kind](check.evidence, check.path ?? "");
  const [message, remedy] = typeof words === "string" ? [words] : words;
  return { ...check, message, ...(remedy === undefined ? {} : { remedy }) };
}
