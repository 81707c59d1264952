import { basename } from "node:path";
import type { Settings } from "../config/settings.ts";
import { type CommandResult, runCommand } from "../host/command.ts";
import type { Message } from "./message.ts";
import { type Refusal, send } from "./send.ts";
import { shapeFor } from "./shapes.ts";
import type { Channel, Waiting } from "./state.ts";

type Notify = Settings["notify"];

/** What came of it, by the ids of the alerts. `problems`: why a channel did not take all of them. */
export type Delivery = { delivered: Map<string, Set<Channel>>; problems: Partial<Record<Channel, string>> };

/** All alerts of a run together must not last longer, on each channel. */
const LIMIT_MS = 10_000;
/** Between the polite end of a command and the other one. */
const KILL_MS = 2000;

/** The channels that are configured. */
export function channelsOf({ command, webhook }: Pick<Notify, "command" | "webhook">): Channel[] {
  return [...(command ? ["command" as const] : []), ...(webhook === null ? [] : ["webhook" as const])];
}

/** What a channel is called in words. Its address is a secret, and so may the arguments of its command be. */
export function nameOf(channel: Channel, { command, webhook }: Notify): string {
  return channel === "command" ? basename(command?.[0] ?? "") : new URL(webhook ?? "").host;
}

/**
 * Delivers alerts on all their channels side by side, the oldest first on each. A channel that does not answer is not asked
 * again in this run.
 */
export async function deliver(
  alerts: readonly Waiting[],
  notify: Notify,
  { env, signal }: { env: NodeJS.ProcessEnv; signal?: AbortSignal },
): Promise<Delivery> {
  const delivery: Delivery = { delivered: new Map(), problems: {} };
  const deadline = performance.now() + LIMIT_MS;
  const one = async (channel: Channel) => {
    for (const { id, message, to } of alerts) {
      if (signal?.aborted || !to.includes(channel)) continue;
      const timeoutMs = deadline - performance.now();
      const refusal = await hand(channel, message, notify, { env, timeoutMs, ...(signal ? { signal } : {}) });
      if (refusal) delivery.problems[channel] = refusal.because;
      else delivery.delivered.set(id, (delivery.delivered.get(id) ?? new Set()).add(channel));
      if (refusal && !refusal.wasHeard) return; // one that is refused does not keep back those behind it
    }
  };
  await Promise.all(channelsOf(notify).map(one));
  return delivery;
}

type Limits = { env: NodeJS.ProcessEnv; timeoutMs: number; signal?: AbortSignal };

async function hand(
  channel: Channel,
  message: Message,
  { command, webhook }: Notify,
  { env, ...limits }: Limits,
): Promise<Refusal | undefined> {
  if (limits.timeoutMs <= 0) return { because: "is too slow for all that waits", wasHeard: false };
  if (channel === "webhook") return send({ method: "POST", ...shapeFor(webhook ?? "", message) }, limits);
  const timeoutMs = Math.max(1, limits.timeoutMs - KILL_MS);
  const result = await runCommand(command ?? [], { ...limits, timeoutMs, env, input: `${JSON.stringify(message)}\n` });
  if (result.status === 0) return undefined;
  if (limits.signal?.aborted) return { because: "was not waited for, because the run was stopped", wasHeard: false };
  return { because: explain(result, timeoutMs), wasHeard: !result.timedOut && result.failure === undefined };
}

function explain({ status, timedOut, failure }: CommandResult, timeoutMs: number): string {
  if (timedOut) return `did not end within ${Math.round(timeoutMs / 1000)} s`;
  if (failure !== undefined) return `could not be started (${codeOf(failure)})`;
  return status === null ? "was ended by a signal" : `ended with status ${status}`;
}

/** Of `spawn NAME ENOENT`: the name is told already, and the rest of such a message may be arguments. */
function codeOf(failure: string): string {
  return /\b(E[A-Z]{3,})\b/.exec(failure)?.[1] ?? "for an unknown reason";
}
