import { type Conversation, channelIn, conversationOf, type RegisteredSession } from "./conversation.ts";
import { type Route, type RoutedBy, routeTo } from "./route.ts";
import type { Routing } from "./routing.ts";

/** A session that lies with another agent than its messages go to. */
export type Stray<Session extends RegisteredSession> = {
  session: Session;
  /** where it lies */
  agent: string;
  /** where its messages go */
  wanted: string;
  /** null: several may have chosen that agent */
  by: RoutedBy | null;
};

/** Sessions of several agents for one conversation, of which the bindings give at most one agent its messages. */
export type Duplicate<Session extends RegisteredSession> = {
  channel: string;
  kind: "direct" | "group" | "channel";
  account: string;
  /** in the order in which they were given */
  sessions: Session[];
  /** absent: it can't be told */
  wanted?: string;
};

/** The sessions whose messages go to another agent than the one that has them, as far as this is sure. Pure. */
export function findStrays<Session extends RegisteredSession>(
  sessions: readonly Session[],
  routing: Routing,
): Stray<Session>[] {
  return sessions.flatMap((session) => {
    const conversation = conversationOf(session, routing);
    if (typeof conversation === "string") return [];
    const route = routeTo(conversation, routing);
    const { agent } = conversation;
    return route.is === "told" && route.agent !== agent ? [{ session, agent, wanted: route.agent, by: route.by }] : [];
  });
}

/**
 * Groups of sessions of several agents for the same channel, kind, peer, account and thread. Where the bindings may send the
 * messages to two of these agents, as by the roles of those who write, it is no duplicate. Pure.
 */
export function findDuplicates<Session extends RegisteredSession>(
  sessions: readonly Session[],
  routing: Routing,
): Duplicate<Session>[] {
  const groups = new Map<string, Member<Session>[]>();
  for (const session of sessions) {
    const conversation = conversationOf(session, routing);
    if (typeof conversation === "string") continue;
    const identity = identityOf(conversation, session, routing);
    if (identity === undefined) continue;
    const key = JSON.stringify(identity);
    const member = { session, identity, agent: conversation.agent, route: routeTo(conversation, routing) };
    groups.set(key, [...(groups.get(key) ?? []), member]);
  }
  return [...groups.values()].flatMap((members) => asDuplicate(members));
}

type Identity = {
  channel: string;
  kind: "direct" | "group" | "channel";
  account: string;
  peer: string;
  thread: string;
};
type Member<Session> = { session: Session; identity: Identity; agent: string; route: Route };

/** Undefined when it can't be told for sure which conversation it is. */
function identityOf(conversation: Conversation, { entry }: RegisteredSession, routing: Routing): Identity | undefined {
  const channel = conversation.channel ?? channelIn(entry);
  const [account, ...otherAccounts] = conversation.accounts;
  const kind = conversation.kinds.at(-1);
  if (channel === undefined || account === undefined || otherAccounts.length > 0 || kind === undefined)
    return undefined;
  return { channel, kind, account, peer: peerOf(conversation, channel, kind, routing), thread: conversation.thread };
}

/** The person's name where the peer is linked to one; else the id, without the channel's name before it. */
function peerOf({ keyPeer }: Conversation, channel: string, kind: string, { links }: Routing): string {
  const prefix = `${channel}:`;
  const bare = keyPeer.toLowerCase().startsWith(prefix) ? keyPeer.slice(prefix.length) : keyPeer;
  const folded = bare.toLowerCase();
  if (kind !== "direct") return KEEPS_CAPITALS.has(`${channel} ${kind}`) ? bare : folded;
  for (const [name, ids] of links) {
    if (ids.includes(folded) || ids.includes(`${prefix}${folded}`)) return name;
  }
  return folded;
}

/** Ids that differ in capitals alone are different ones there. */
const KEEPS_CAPITALS = new Set(["signal group", "matrix group", "matrix channel"]);

function asDuplicate<Session extends RegisteredSession>(members: readonly Member<Session>[]): Duplicate<Session>[] {
  const [first] = members;
  const agents = new Set(members.map(({ agent }) => agent));
  if (first === undefined || agents.size < 2) return [];
  // an agent that may rightly have the conversation; two of them, and there may be no fault at all
  const rightful = new Set(members.filter(mayBeRight).map(({ agent }) => agent));
  if (rightful.size > 1) return [];
  const wanted = new Set(members.map(({ route }) => (route.is === "told" ? route.agent : null)));
  const [only] = wanted;
  const { channel, kind, account } = first.identity;
  return [
    {
      ...{ channel, kind, account },
      sessions: members.map(({ session }) => session),
      ...(wanted.size === 1 && typeof only === "string" ? { wanted: only } : {}),
    },
  ];
}

function mayBeRight({ agent, route }: Member<unknown>): boolean {
  if (route.is === "told") return route.agent === agent;
  return route.is === "doubtful" && (route.possible === null || route.possible.has(agent));
}
