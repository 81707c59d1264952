import { asText } from "../dialects/dialect.ts";
import type { Shown } from "./agreement.ts";
import type { KeySettings } from "./key.ts";

export type Route = { fields: Record<string, unknown>; from: "rows" | "backup" | "none" };

/** How an entry says where an answer goes, in the gateway's order. */
export const ROUTE_FIELDS = [
  "route",
  "deliveryContext",
  "lastChannel",
  "lastTo",
  "lastAccountId",
  "lastThreadId",
  "origin",
] as const;

/**
 * Where answers go, only where that is certain: the session's own entry in a copy of the registry says it and no row shows
 * anything else, or every message of the transcript shows the same address. A wrong one would send answers to somebody else.
 * Pure.
 *
 * @param entry the session's own in a copy of the registry
 */
export function routeOf(
  shown: Shown | undefined,
  entry: Record<string, unknown> | undefined,
  { severalAccounts = [] }: KeySettings = {},
): Route {
  const saved = asText(entry?.lastTo);
  const hasMoved = shown?.to !== undefined && saved !== undefined && saved !== shown.to;
  if (entry && saved !== undefined && !hasMoved) {
    const kept = ROUTE_FIELDS.filter((name) => entry[name] !== undefined);
    return { fields: Object.fromEntries(kept.map((name) => [name, entry[name]])), from: "backup" };
  }
  const { to, channel, thread } = shown ?? {};
  if (to === undefined || channel === undefined || severalAccounts.includes(channel))
    return { fields: {}, from: "none" };
  // Telegram's topics are numbers, other threads are not even where they look like one.
  const threadId = channel === "telegram" && /^\d{1,15}$/.test(thread ?? "") ? Number(thread) : thread;
  return {
    fields: {
      deliveryContext: { channel, to, ...(threadId === undefined ? {} : { threadId }) },
      lastChannel: channel,
      lastTo: to,
      ...(threadId === undefined ? {} : { lastThreadId: threadId }),
    },
    from: "rows",
  };
}
