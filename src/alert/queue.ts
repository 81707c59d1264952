import type { Message } from "./message.ts";
import type { AlertState, Channel, Waiting } from "./state.ts";

/** More are not kept: somebody who hears nothing for so long looks at the host first. */
const MOST_WAITING = 20;
/** Longer than any delivery lasts; what a killed run took is free again then. */
const LEASE_MS = 60_000;

/**
 * Adds alerts to those that wait. One that tells the end, or once more, of an incident whose alert still waits takes its place,
 * so that a channel that was dead for a night tells one line for each. Pure.
 */
export function enqueue(
  state: AlertState,
  messages: readonly Message[],
  channels: readonly Channel[],
  nowMs: number,
): AlertState {
  if (channels.length === 0) return { ...state, waiting: [] };
  let waiting = state.waiting.flatMap((one): Waiting[] => {
    const to = one.to.filter((channel) => channels.includes(channel));
    return to.length === 0 ? [] : [{ ...one, to }];
  });
  for (const [index, message] of messages.entries()) {
    waiting = waiting.filter((one) => isTaken(one, nowMs) || one.message.incident !== message.incident);
    waiting.push({ id: `${message.runId}/${index}`, message, to: [...channels], leaseUntil: 0 });
  }
  const tooMany = Math.max(0, waiting.length - MOST_WAITING);
  return { ...state, waiting: waiting.slice(tooMany), dropped: state.dropped + tooMany };
}

/** Takes what no other run is delivering, for this run to deliver. Pure. */
export function takeWaiting(state: AlertState, nowMs: number): { state: AlertState; taken: Waiting[] } {
  const waiting = state.waiting.map((one) => (isTaken(one, nowMs) ? one : { ...one, leaseUntil: nowMs + LEASE_MS }));
  const taken = waiting.filter((one, index) => one !== state.waiting[index]);
  return { state: { ...state, waiting }, taken };
}

/** What still waits once these were delivered; the others that were taken are free for the next run. Pure. */
export function settleDelivered(
  state: AlertState,
  taken: readonly Waiting[],
  delivered: ReadonlyMap<string, ReadonlySet<Channel>>,
): AlertState {
  const ids = new Set(taken.map(({ id }) => id));
  const waiting = state.waiting.flatMap((one): Waiting[] => {
    if (!ids.has(one.id)) return [one];
    const to = one.to.filter((channel) => !delivered.get(one.id)?.has(channel));
    return to.length === 0 ? [] : [{ ...one, to, leaseUntil: 0 }];
  });
  const isAny = [...delivered.values()].some((channels) => channels.size > 0);
  return { ...state, waiting, dropped: isAny ? 0 : state.dropped };
}

function isTaken({ leaseUntil }: Waiting, nowMs: number): boolean {
  return leaseUntil > nowMs && leaseUntil <= nowMs + LEASE_MS; // else the clock was set
}
