import type { InstallationState } from "../state/state.ts";
import { type InstallationReport, isOpen } from "./document.ts";

type Report = Pick<InstallationReport, "findings" | "actions">;

/**
 * For crontab runs: marks the trouble that was told lately, and remembers what is told now. The same trouble is told again after
 * `repeatAfterMs`; what a run did is always told.
 */
export function rememberTold(
  state: InstallationState,
  command: string,
  { findings, actions }: Report,
  nowMs: number,
  repeatAfterMs: number,
): InstallationState {
  const told: Record<string, number> = {};
  const remember = (item: { isTold?: true }, ...names: (string | undefined)[]) => {
    const key = [command, ...names].join(" ");
    const toldAt = state.told[key];
    const isTold = toldAt !== undefined && nowMs - toldAt < repeatAfterMs;
    if (isTold) item.isTold = true;
    told[key] = isTold ? toldAt : nowMs;
  };
  for (const finding of findings.filter(isOpen)) remember(finding, finding.kind, finding.path, finding.sessionKey);
  for (const action of actions.filter(({ result }) => result === "failed"))
    remember(action, "failed", action.kind, action.path, action.sessionKey);
  const others = Object.entries(state.told).filter(([key]) => !key.startsWith(`${command} `));
  return { ...state, told: { ...Object.fromEntries(others), ...told } };
}
