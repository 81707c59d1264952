import type { Check } from "../../src/setup/check.ts";

/** What each line of a checklist says and how grave that is, in its order. */
export function saidBy(checks: readonly Pick<Check, "kind" | "severity">[]): string[] {
  return checks.map(({ kind, severity }) => `${kind} ${severity}`);
}
