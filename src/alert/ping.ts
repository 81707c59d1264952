import { send } from "./send.ts";

export type PingEvent = "start" | "success" | "failure";

const TIMEOUT_MS = 5000;
const SUFFIXES: Record<PingEvent, string> = { start: "/start", success: "", failure: "/fail" };

/**
 * Tells a service that watches cron jobs that a run begins or how it ended, as healthchecks.io has it: the address itself for a
 * success, `/start` and `/fail` behind its path. 5 s at most.
 *
 * @returns what went wrong, in a sentence; undefined: nothing
 */
export async function ping(
  address: string,
  event: PingEvent,
  options: { signal?: AbortSignal } = {},
): Promise<string | undefined> {
  const url = new URL(address);
  if (event !== "success") url.pathname = url.pathname.replace(/\/$/, "") + SUFFIXES[event];
  const refusal = await send({ method: "GET", url }, { timeoutMs: TIMEOUT_MS, ...options });
  return refusal && `the ping (${event}) did not arrive: ${url.host} ${refusal.because}`;
}
