import { runCommand } from "../host/command.ts";
import { type Check, linesOf } from "./check.ts";

const line = linesOf("clock");
/** Before this, no machine runs this program: its clock was never set. */
const EARLIEST_YEAR = 2026;
const LATEST_YEAR = 2100;
const LIMIT_MS = 5000;

/** What the system says of its clock. `isSynchronised` absent: it does not say. */
export type ClockFacts = { nowMs: number; isSynchronised?: boolean };

/** Asks `timedatectl`, where there is one. */
export async function gatherClock(env: NodeJS.ProcessEnv): Promise<ClockFacts> {
  const argv = ["timedatectl", "show", "--property=NTPSynchronized", "--value"];
  const { status, stdout } = await runCommand(argv, { timeoutMs: LIMIT_MS, env });
  const answer = status === 0 ? stdout.trim() : "";
  return { nowMs: Date.now(), ...(/^(yes|no)$/.test(answer) ? { isSynchronised: answer === "yes" } : {}) };
}

/** Whether the clock can be trusted: what is idle or stale is told by it. Pure. */
export function checkClock({ nowMs, isSynchronised }: ClockFacts): Check[] {
  const year = new Date(nowMs).getUTCFullYear();
  const now = new Date(nowMs).toISOString();
  if (year < EARLIEST_YEAR || year > LATEST_YEAR) return [line("clock-wrong", "error", { now })];
  if (isSynchronised === false) return [line("clock-adrift", "advice", { now })];
  return [line("clock-sane", "ok", { now, isSynchronised: isSynchronised ?? null })];
}
