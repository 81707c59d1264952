import type { Check, CheckKind } from "../setup/check.ts";
import type { ReportedCheck } from "./document.ts";

type Words = (check: Check) => { message: string; remedy?: string };

const wording: Record<CheckKind, Words> = {
  "node-recent": ({ evidence, path }) => ({ message: `Node ${evidence.version} at ${path}` }),
  "node-old": ({ evidence, path }) => ({
    message: `Node ${evidence.version} at ${path} is too old`,
    remedy: "install Node 20.19 or later",
  }),
};

/** A line of the checklist as it is told. */
export function reportCheck(check: Check): ReportedCheck {
  return { ...check, ...wording[check.kind](check) };
}
