import { basename } from "node:path";
import { asText } from "../dialects/dialect.ts";
import { optional } from "../json/optional.ts";
import { readSessionKey, type SessionKind } from "../registry/session-key.ts";
import { chooseKey, type RightKey } from "./choose-key.ts";
import type { Evidence } from "./evidence.ts";
import type { KeySettings } from "./key.ts";
import { nameOf } from "./name.ts";
import type { Neighbours } from "./neighbours.ts";
import { type Place, placeOf } from "./place.ts";
import { type Route, routeOf } from "./route.ts";

/** What a transcript is, and what is known of it. */
export type Facts = {
  /** on this host */
  path: string;
  /** epoch ms */
  mtimeMs: number;
  agentId: string;
  evidence: Evidence;
  /** of an older copy of the same session, where the transcript itself shows nothing */
  archived?: Evidence | undefined;
  neighbours: Neighbours;
  settings?: KeySettings;
  /** how the gateway names a path of this host */
  nameForGateway: (path: string) => string;
  /** epoch ms */
  nowMs: number;
  /** of the repair, in words, for the entry */
  reason: string;
};

/** What told each field: rows of the transcript, its file's time, an older entry, a log, …; `none`: nothing did. */
export type Told = {
  key: RightKey["from"];
  updatedAt: "rows" | "file-time";
  channel: Place["channel"]["from"];
  chatType: Place["chatType"]["from"];
  model: "rows" | "backup" | "none";
  counters: "rows" | "none";
  route: Route["from"];
};

export type DerivedEntry = {
  /** never one that is taken */
  key: string;
  /** the key is made of the session's id, because the right one is not known, or is taken */
  isSubstitute: boolean;
  /** the right key, where it is taken */
  takenKey?: string;
  /** what the gateway will take the session for, by its key and chat type */
  kind: SessionKind;
  sessionId: string;
  /** its fields in the gateway's order and types */
  entry: Record<string, unknown>;
  told: Told;
};

/**
 * Makes the registry entry for a transcript that no entry leads to. What nothing tells is left out, but for the channel and
 * the model, which are `unknown` then. Pure.
 *
 * @param taken keys of the registry in lower case: the gateway matches them whatever their case
 * @returns undefined when the transcript gives no id that an entry could have, or no time
 */
export function deriveEntry(facts: Facts, taken: ReadonlySet<string>): DerivedEntry | undefined {
  const { evidence, neighbours, settings = {} } = facts;
  const { sessionId, topic } = nameOf(basename(facts.path), evidence.sessionId);
  const time = timeOf(facts);
  if (sessionId === undefined || time === undefined) return undefined;
  const seen = evidence.shown ?? facts.archived?.shown;
  const shown = seen && { ...optional("thread", topic), ...seen };
  const { right, key, isSubstitute } = chooseKey({ ...facts, sessionId, shown }, taken);
  const asRead = { ...optional("mainKey", settings.mainKey) };
  const read = right.key === undefined ? undefined : { ...readSessionKey(right.key, asRead), text: right.key };
  const place = placeOf(read, shown, neighbours);
  const route = routeOf(shown, neighbours.entry, settings);
  const model = modelOf(evidence, neighbours);
  return {
    key,
    isSubstitute,
    ...(isSubstitute ? optional("takenKey", right.key) : {}),
    kind: readSessionKey(key, { ...asRead, chatType: place.chatType.value }).kind,
    sessionId,
    entry: {
      sessionId,
      updatedAt: time.ms,
      ...optional("chatType", place.chatType.value),
      channel: place.channel.value ?? "unknown",
      ...optional("groupId", place.groupId),
      ...keptOf(neighbours.entry),
      ...route.fields,
      sessionFile: facts.nameForGateway(facts.path),
      ...model.fields,
      ...evidence.counters,
      ...optional(
        "spawnedBy",
        asText(neighbours.entry?.spawnedBy) ?? (right.from === "task" ? neighbours.spawnedBy : undefined),
      ),
      repaired: true,
      repairedAt: new Date(facts.nowMs).toISOString(),
      repairedReason: facts.reason,
    },
    told: {
      key: right.from,
      updatedAt: time.from,
      channel: place.channel.from,
      chatType: place.chatType.from,
      model: model.from,
      counters: Object.keys(evidence.counters).length > 0 ? "rows" : "none",
      route: route.from,
    },
  };
}

const EARLIEST_MS = 946_684_800_000; // 2000-01-01
const SKEW_MS = 3_600_000;

/** The last dated row, else the file's own time; neither from before there were such files, nor from a time to come. */
export function timeOf({ evidence, mtimeMs, nowMs }: Facts): { ms: number; from: Told["updatedAt"] } | undefined {
  const isTime = (ms: number) => ms > EARLIEST_MS && ms < nowMs + SKEW_MS;
  const { lastAt } = evidence;
  if (lastAt !== undefined && isTime(lastAt)) return { ms: lastAt, from: "rows" };
  return isTime(mtimeMs) ? { ms: Math.floor(mtimeMs), from: "file-time" } : undefined;
}

function modelOf({ model, modelProvider }: Evidence, { entry = {} }: Neighbours) {
  if (model !== undefined)
    return { fields: { ...optional("modelProvider", modelProvider), model }, from: "rows" } as const;
  const saved = asText(entry.model);
  if (saved === undefined || saved === "unknown") return { fields: { model: "unknown" }, from: "none" } as const;
  return {
    fields: { ...optional("modelProvider", asText(entry.modelProvider)), model: saved },
    from: "backup",
  } as const;
}

/** What a person chose for the session, and what it is called. */
const KEPT = [
  ...["label", "displayName", "subject", "groupChannel", "space"],
  ...["thinkingLevel", "verboseLevel", "reasoningLevel", "elevatedLevel", "providerOverride", "modelOverride"],
  ...["authProfileOverride", "groupActivation", "sendPolicy", "queueMode", "spawnDepth", "parentSessionKey"],
];

function keptOf(entry: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(KEPT.flatMap((name) => (entry[name] === undefined ? [] : [[name, entry[name]]])));
}
