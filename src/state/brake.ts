import type { Clocks } from "../host/host.ts";

const STEP_LIMIT_MS = 3_600_000;

/**
 * Why ages must not be trusted in this run; undefined when the clocks agree with those of the run before.
 *
 * A clock that was set by more than an hour, or that stands before the previous run, makes new files look old and old
 * ones new. Pure. Across a start of the machine only the second can be told.
 */
export function brakeReason(previous: Clocks | undefined, now: Clocks): string | undefined {
  if (!previous) return undefined;
  const wallPassedMs = now.wallMs - previous.wallMs;
  if (previous.bootId === now.bootId && previous.uptimeMs > 0 && now.uptimeMs >= previous.uptimeMs) {
    const steppedMs = wallPassedMs - (now.uptimeMs - previous.uptimeMs);
    if (Math.abs(steppedMs) > STEP_LIMIT_MS)
      return `the clock was set ${steppedMs > 0 ? "forward" : "back"} by ${Math.round(Math.abs(steppedMs) / 60_000)} minutes since the last run`;
  }
  return wallPassedMs < 0 ? "the clock stands before the last run" : undefined;
}
