import { asText } from "../dialects/dialect.ts";
import type { SessionKey } from "../registry/session-key.ts";
import type { Shown } from "./agreement.ts";
import type { Neighbours } from "./neighbours.ts";

/** A value, and what told it; `none` without one. */
type ToldValue<From extends string> = { value?: string | undefined; from: From | "none" };

/** Where a conversation takes place, in the entry's words. */
export type Place = {
  channel: ToldValue<"key" | "rows" | "backup" | "kin">;
  chatType: ToldValue<"key" | "rows" | "backup" | "kin">;
  groupId?: string | undefined;
};

/** What the key says of the place counts most, then what the rows show, then what older entries say. Pure. */
export function placeOf(
  key: (SessionKey & { text: string }) | undefined,
  shown: Shown | undefined,
  neighbours: Neighbours,
): Place {
  const { entry = {}, kin } = neighbours;
  return {
    channel: first([
      [key?.channel, "key"],
      [shown?.channel, "rows"],
      [channelIn(entry), "backup"],
      [channelIn(kin?.entry ?? {}), "kin"],
    ]),
    chatType: first([
      [key && chatTypeOfKey(key), "key"],
      [shown?.chatType, "rows"],
      [asText(entry.chatType), "backup"],
      [asText(kin?.entry.chatType), "kin"],
    ]),
    groupId: groupOf(key, shown) ?? asText(entry.groupId),
  };
}

function chatTypeOfKey({ kind, text }: SessionKey & { text: string }): string | undefined {
  if (kind === "direct") return "direct";
  if (kind !== "group") return undefined;
  return /:(?:channel|room):/i.test(text) ? "channel" : "group";
}

function groupOf(key: SessionKey | undefined, shown: Shown | undefined): string | undefined {
  if (key?.kind === "group") return shown?.peer?.toLowerCase() === key.peer ? shown?.peer : key.peer;
  return key === undefined && shown?.kind === "group" ? shown.peer : undefined;
}

function channelIn(entry: Record<string, unknown>): string | undefined {
  return asText(entry.channel) ?? asText(entry.lastChannel);
}

function first<From extends string>(told: readonly (readonly [string | undefined, From])[]): ToldValue<From> {
  for (const [value, from] of told) if (value !== undefined && value !== "unknown") return { value, from };
  return { from: "none" };
}
