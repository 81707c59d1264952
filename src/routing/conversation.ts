import { readSessionKey, type SessionKind } from "../registry/session-key.ts";
import { accountIdOf, agentIdOf, type ChatKind, channelOf, chatKindOf } from "./names.ts";
import { accountsOf, type Routing } from "./routing.ts";
import { type Spelling, spellingOf } from "./spelling.ts";

/** A session as a registry holds it. `entry` may hold values of any type. */
export type RegisteredSession = {
  /** of the registry that it stands in; the agent in its key counts more */
  agent: string;
  key: string;
  entry: Record<string, unknown>;
};

/** What a session's key and entry tell of the conversation that it belongs to. */
export type Conversation = {
  agent: string;
  /** undefined: all channels share the session */
  channel: string | undefined;
  /** several: an old key does not tell which */
  kinds: readonly ChatKind[];
  /** several: people who are linked share the session */
  peers: readonly Spelling[];
  /** the group of a topic; `unknown`: it may be a thread of another conversation that is not named */
  parent: { spelling: Spelling; isSure: boolean } | "unknown" | null;
  /** several: the entry does not tell, or its messages came by several */
  accounts: readonly string[];
  /** as the entry names it; undefined: it does not */
  space: string | undefined;
  /** what the key has after the conversation, such as `topic:12`; empty: nothing */
  thread: string;
  /** the peer as the key has it, in its own spelling */
  keyPeer: string;
  /** all that the entry holds is that the agent itself wrote there */
  isSentOnly: boolean;
};

/**
 * Reads which conversation a session belongs to. Pure.
 *
 * @returns the kind instead, for a session that no routing makes, such as an agent's main one
 */
export function conversationOf(
  session: RegisteredSession,
  routing: Routing,
): Conversation | Exclude<SessionKind, "direct" | "group"> {
  const { entry } = session;
  const read = readSessionKey(session.key, { mainKey: routing.mainKey, chatType: text(entry.chatType) });
  if (isObject(entry.acp)) return "acp";
  if (read.kind !== "direct" && read.kind !== "group") return read.kind;
  if (read.peer === undefined) return "unknown";
  const base = read.parent ?? session.key;
  const thread = read.parent === undefined ? "" : session.key.slice(read.parent.length + 1);
  const channel = read.channel === undefined ? undefined : channelOf(read.channel);
  const kinds = kindsOf(base, read.peer, read.kind);
  const evidence = evidenceOf(entry);
  const spelt = (id: string) => spellingOf(id, channel, evidence);
  const isTopic = /^topic:/i.test(thread) && !kinds.includes("direct");
  const ids = idsOf(isTopic ? `${read.peer}:${thread}` : read.peer, channel, kinds, routing);
  return {
    agent: read.agent ?? agentIdOf(session.agent),
    channel,
    kinds,
    peers: ids.map(spelt),
    parent: parentOf(read.peer, { channel, kinds, isTopic, entry, routing, spelt }),
    accounts: read.account === undefined ? accountsIn(entry, channel, routing) : [accountIdOf(read.account)],
    space: text(entry.space),
    thread: thread.toLowerCase(),
    keyPeer: read.peer,
    isSentOnly: isSentOnly(entry),
  };
}

/** The one channel that an entry names in all of its fields; undefined when it names none, or several. Pure. */
export function channelIn(entry: Record<string, unknown>): string | undefined {
  const named = [entry.channel, entry.provider, entry.lastChannel, part(entry.origin).provider];
  const channels = new Set(
    [...named, part(entry.deliveryContext).channel].flatMap((raw) => textList(raw)).map(channelOf),
  );
  return channels.size === 1 ? [...channels][0] : undefined;
}

/** The word before the peer. `room` is an old one for either kind of group. */
function kindsOf(base: string, peer: string, kind: "direct" | "group"): readonly ChatKind[] {
  const word =
    base
      .slice(0, Math.max(0, base.length - peer.length - 1))
      .split(":")
      .at(-1) ?? "";
  const named = chatKindOf(word);
  if (named !== undefined) return [named];
  return kind === "direct" ? ["direct"] : ["group", "channel"];
}

function idsOf(peer: string, channel: string | undefined, kinds: readonly ChatKind[], routing: Routing): string[] {
  const linked = kinds.includes("direct") ? routing.links.get(peer.toLowerCase()) : undefined;
  const prefix = `${channel}:`;
  const own = linked?.flatMap((id) => {
    if (channel !== undefined && id.startsWith(prefix)) return [id.slice(prefix.length)];
    // which channel it is of is not told by the key
    if (channel === undefined) return [id, id.slice(id.indexOf(":") + 1)];
    return KNOWN_CHANNELS.has(id.split(":")[0] ?? "") ? [] : [id];
  });
  if (own && own.length > 0) return own;
  return channel !== undefined && peer.toLowerCase().startsWith(prefix) ? [peer, peer.slice(prefix.length)] : [peer];
}

type ParentFacts = {
  channel: string | undefined;
  kinds: readonly ChatKind[];
  isTopic: boolean;
  entry: Record<string, unknown>;
  routing: Routing;
  spelt: (id: string) => Spelling;
};

function parentOf(
  peer: string,
  { channel, kinds, isTopic, entry, routing, spelt }: ParentFacts,
): Conversation["parent"] {
  if (isTopic) return { spelling: spelt(peer), isSure: channel === "telegram" };
  if (channel === undefined) return "unknown";
  if (channel === "feishu" && peer.includes(":")) return { spelling: spelt(peer.split(":")[0] ?? ""), isSure: false };
  if (channel === "discord" && kinds.includes("channel")) return isNoThread(entry, routing) ? null : "unknown";
  if (channel === "matrix" && kinds.includes("direct")) return "unknown";
  return KNOWN_CHANNELS.has(channel) ? null : "unknown";
}

/** A thread in Discord is a channel of its own. Releases since 2026.4.15 note that it is one. */
function isNoThread(entry: Record<string, unknown>, { rules }: Routing): boolean {
  const isNoted = isObject(entry.origin) && !rules.includes("first");
  const threads = [part(entry.origin).threadId, part(entry.deliveryContext).threadId, entry.lastThreadId];
  return isNoted && threads.every((thread) => thread === undefined) && entry.parentSessionKey === undefined;
}

/** Channels of which it is known that they ask for no parent of their own. */
const KNOWN_CHANNELS = new Set(
  "telegram discord slack whatsapp signal imessage bluebubbles line googlechat matrix mattermost msteams nextcloud-talk nostr irc zalo zalouser tlon twitch synology-chat qqbot feishu".split(
    " ",
  ),
);

function accountsIn(entry: Record<string, unknown>, channel: string | undefined, routing: Routing): string[] {
  const named = [part(entry.origin).accountId, part(entry.deliveryContext).accountId, entry.lastAccountId];
  const told = [...new Set(named.flatMap(textList).map(accountIdOf))];
  const from = channel ?? channelIn(entry);
  return told.length > 0 || from === undefined ? told : accountsOf(from, routing);
}

/** An answer to a message notes where it came from; a message that only the agent sent has no more than an origin. */
function isSentOnly(entry: Record<string, unknown>): boolean {
  const isAnswered = [entry.lastTo, part(entry.deliveryContext).to, entry.route].some((one) => one !== undefined);
  return part(entry.origin).to !== undefined && !isAnswered;
}

function evidenceOf(entry: Record<string, unknown>): string[] {
  const { from, to, nativeChannelId, nativeDirectUserId } = part(entry.origin);
  const all = [
    nativeChannelId,
    nativeDirectUserId,
    from,
    to,
    part(entry.deliveryContext).to,
    entry.lastTo,
    entry.groupId,
  ];
  return all.flatMap(textList);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function textList(value: unknown): string[] {
  const known = text(value);
  return known === undefined ? [] : [known];
}

function part(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
