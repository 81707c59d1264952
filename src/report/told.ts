import type { InstallationState } from "../state/state.ts";
import type { InstallationReport } from "./document.ts";

type Report = Pick<InstallationReport, "findings" | "actions" | "isToldAlready">;

/**
 * For crontab runs: marks a report that holds nothing new, and remembers what it told. The same trouble is told again after
 * `repeatAfterMs`; what a run did is always told.
 */
export function rememberTold(
  state: InstallationState,
  command: string,
  report: Report,
  nowMs: number,
  repeatAfterMs: number,
): InstallationState {
  const open = report.findings.filter(({ severity, resolved }) => severity !== "info" && !resolved);
  const keys = open.map(({ kind, path, sessionKey }) => [command, kind, path, sessionKey].join(" "));
  const others = Object.entries(state.told).filter(([key]) => !key.startsWith(`${command} `));
  const isNew = (key: string) => nowMs - (state.told[key] ?? Number.NEGATIVE_INFINITY) >= repeatAfterMs;
  const hasActed = report.actions.some(({ result }) => result === "done" || result === "failed");
  const fresh = keys.filter(isNew);
  report.isToldAlready = fresh.length === 0 && !hasActed;
  return {
    ...state,
    told: Object.fromEntries([
      ...others,
      ...keys.map((key): [string, number] => [key, fresh.includes(key) ? nowMs : (state.told[key] ?? nowMs)]),
    ]),
  };
}
