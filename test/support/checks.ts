import { expect } from "vitest";
import { reportCheck } from "../../src/report/check-wording.ts";
import type { Check } from "../../src/setup/check.ts";

/** What each line of a checklist says and how grave that is, in its order. Its words must hold every figure that they name. */
export function saidBy(checks: readonly Check[]): string[] {
  return checks.map((check) => {
    const { message, remedy = "" } = reportCheck(check);
    expect(`${message} ${remedy}`).not.toMatch(/undefined|NaN|\[object/);
    expect(check.severity === "ok" ? remedy : remedy.length > 0).toBe(check.severity === "ok" ? "" : true);
    return `${check.kind} ${check.severity}`;
  });
}
