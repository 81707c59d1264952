import type { SessionKind } from "../registry/session-key.ts";
import type { Binding } from "./bindings.ts";
import { type Conversation, conversationOf, type RegisteredSession } from "./conversation.ts";
import {
  type Answer,
  all,
  type Doubt,
  matchesAccount,
  matchesChannel,
  matchesGuild,
  matchesKind,
  matchesParent,
  matchesPeer,
  matchesRoles,
  matchesTeam,
  type Situation,
} from "./match.ts";
import { agentIdOf } from "./names.ts";
import type { Routing, Rules } from "./routing.ts";
import { type Known, UnknownValue } from "./unknown-value.ts";

/** What in the configuration chose the agent. */
export type RoutedBy =
  | "peer"
  | "parent peer"
  | "peer kind"
  | "guild and roles"
  | "guild"
  | "team"
  | "account"
  | "channel"
  | "default";

/** Why it can't be told where a session's messages go. */
type Uncertainty =
  | Doubt
  /** the configuration is not there, or the gateway refuses it */
  | "configuration"
  /** several people share the session, and not all of them go to one agent */
  | "people"
  /** releases differ, and it is not known which one this is */
  | "version"
  /** the peer's messages go to several agents on purpose */
  | "broadcast"
  /** a coding agent may have this conversation */
  | "acp"
  /** the channel's own settings name an agent */
  | "channel settings"
  /** the agent itself wrote there, and nobody has answered */
  | "sent only";

/** Where the messages of a session go. */
export type Route =
  /** `by` is null when several may have chosen, all of them this agent */
  | { is: "told"; agent: string; by: RoutedBy | null }
  /** `possible`: the agents that it may be, if these are known */
  | { is: "doubtful"; why: Uncertainty; possible: ReadonlySet<string> | null }
  /** no routing makes sessions of this kind */
  | { is: "none"; kind: Exclude<SessionKind, "direct" | "group"> };

/**
 * Which agent the bindings give a session, evaluated as the gateway does. What can't be told for sure is told as a doubt. Pure.
 */
export function routeOf(session: RegisteredSession, routing: Routing): Route {
  const conversation = conversationOf(session, routing);
  return typeof conversation === "string" ? { is: "none", kind: conversation } : routeTo(conversation, routing);
}

/** The same, of a conversation that was read already. */
export function routeTo(conversation: Conversation, routing: Routing): Route {
  const why = otherPowers(conversation, routing);
  if (why !== undefined) return { is: "doubtful", why, possible: null };
  const situations = situationsOf(conversation);
  const candidates = routing.rules.flatMap((rules) =>
    situations.flatMap((situation) => candidatesFor(situation, routing, rules)),
  );
  const agents = new Set(candidates.map(({ agent }) => (agent instanceof UnknownValue ? null : agent)));
  const [agent] = agents;
  if (agents.size === 1 && typeof agent === "string") return { is: "told", agent, by: onlyOne(candidates) };
  const doubt = candidates.find((candidate) => candidate.doubt !== undefined)?.doubt;
  return {
    is: "doubtful",
    why: agents.has(null) ? "variable" : (doubt ?? differenceIn(conversation, routing, situations)),
    possible: agents.has(null) ? null : (agents as Set<string>),
  };
}

function onlyOne(candidates: readonly Candidate[]): RoutedBy | null {
  const [by, ...others] = new Set(candidates.map((candidate) => candidate.by));
  return others.length === 0 ? (by ?? null) : null;
}

/** What decides before the bindings that choose an agent, or beside them. */
function otherPowers(conversation: Conversation, routing: Routing): Uncertainty | undefined {
  const { channel, kinds, peers, parent, isSentOnly, thread } = conversation;
  if (routing.problem !== undefined) return "configuration";
  if (isSentOnly) return "sent only";
  if (kinds.includes("direct") && routing.unknownLink) return "variable";
  const ids = [...peers, ...(parent === null || parent === "unknown" ? [] : [parent.spelling])];
  if (ids.some(({ id }) => routing.broadcast.has(id.toLowerCase()))) return "broadcast";
  const isBound = (binding: Binding) =>
    situationsOf(conversation).some(
      (one) =>
        matchesChannel(binding, one) !== false &&
        (matchesPeer(binding, one, "scoped") !== false || matchesParent(binding, one, "scoped") !== false),
    );
  if (routing.acp.some(isBound)) return "acp";
  // Telegram's settings name one for single topics only
  const isAsked = channel !== undefined && (channel !== "telegram" || thread !== "");
  return isAsked && namesAgent(routing.channels[channel]) ? "channel settings" : undefined;
}

function namesAgent(settings: unknown): boolean {
  if (typeof settings !== "object" || settings === null || settings instanceof UnknownValue) return false;
  return Object.entries(settings).some(([key, value]) => key === "agentId" || namesAgent(value));
}

function situationsOf({ channel, kinds, peers, parent, accounts, space }: Conversation): Situation[] {
  // where all channels share the session, the entry tells the account of the last one only
  const ways = channel === undefined ? [undefined] : accounts;
  return ways.flatMap((account) =>
    kinds.flatMap((kind) => peers.map((peer) => ({ channel, account, kind, peer, parent, space }))),
  );
}

type Candidate = { agent: Known<string>; by: RoutedBy; doubt?: Doubt };
type Tier = { by: RoutedBy; answer: (binding: Binding, situation: Situation, rules: Rules) => Answer };

/** All that may come to pass, up to the first that is sure. */
function candidatesFor(situation: Situation, routing: Routing, rules: Rules): Candidate[] {
  const candidates: Candidate[] = [];
  for (const { by, answer } of TIERS[rules]) {
    for (const binding of routing.routes) {
      const answered = all(
        matchesChannel(binding, situation),
        matchesAccount(binding, situation, rules),
        answer(binding, situation, rules),
      );
      if (answered === false) continue;
      const agent = existing(binding.agentId, routing);
      if (answered === true) return [...candidates, { agent, by }];
      candidates.push({ agent, by, doubt: answered });
    }
  }
  return [...candidates, { agent: routing.agents.fallback, by: "default" }];
}

const isUnbound = ({ peer, guildId, teamId }: Binding) => peer === null && guildId === "" && teamId === "";

/** All constraints besides channel, account and peer. */
const inScope = (binding: Binding, situation: Situation): Answer =>
  all(
    binding.guildId === "" || matchesGuild(binding, situation),
    binding.teamId === "" || matchesTeam(binding, situation),
    matchesRoles(binding, situation),
  );

const TIERS: Record<Rules, readonly Tier[]> = {
  first: [
    { by: "peer", answer: matchesPeer },
    { by: "parent peer", answer: matchesParent },
    { by: "guild", answer: (one, situation) => one.guildId !== "" && matchesGuild(one, situation) },
    { by: "team", answer: (one, situation) => one.teamId !== "" && matchesTeam(one, situation) },
    { by: "account", answer: (one) => isUnbound(one) && one.account !== "*" },
    { by: "channel", answer: (one) => isUnbound(one) && one.account === "*" },
  ],
  scoped: [
    {
      by: "peer",
      answer: (one, situation, rules) => all(matchesPeer(one, situation, rules), inScope(one, situation)),
    },
    {
      by: "parent peer",
      answer: (one, situation, rules) =>
        all(one.peer?.id !== "*" && matchesParent(one, situation, rules), inScope(one, situation)),
    },
    {
      by: "peer kind",
      answer: (one, situation, rules) =>
        all(isWildcard(one), matchesKind(one, situation, rules), inScope(one, situation)),
    },
    {
      by: "guild and roles",
      answer: (one, situation) => withoutPeer(one, situation, one.guildId !== "" && one.roles !== null),
    },
    {
      by: "guild",
      answer: (one, situation) => withoutPeer(one, situation, one.guildId !== "" && one.roles === null),
    },
    {
      by: "team",
      answer: (one, situation) => withoutPeer(one, situation, one.guildId === "" && one.teamId !== ""),
    },
    {
      by: "account",
      answer: (one, situation) => withoutPeer(one, situation, isUnbound(one) && one.account !== "*"),
    },
    {
      by: "channel",
      answer: (one, situation) => withoutPeer(one, situation, isUnbound(one) && one.account === "*"),
    },
  ],
};

function withoutPeer(binding: Binding, situation: Situation, isOfTier: boolean): Answer {
  return binding.peer === null && isOfTier && inScope(binding, situation);
}

function isWildcard({ peer }: Binding): Answer {
  return peer?.id instanceof UnknownValue ? "variable" : peer?.id === "*";
}

/** The gateway takes the default agent for one that its list does not have. */
function existing(agentId: Known<string>, { agents }: Routing): Known<string> {
  if (agentId instanceof UnknownValue || agentId === "") return agentId === "" ? agents.fallback : agentId;
  const id = agentIdOf(agentId);
  return agents.ids.size === 0 || agents.ids.has(id) ? id : agents.fallback;
}

/** No binding is in doubt, and yet there are several agents: what the session leaves open makes the difference. */
function differenceIn({ accounts, peers }: Conversation, routing: Routing, situations: Situation[]): Uncertainty {
  if (routing.rules.length > 1 && situations.length === 1) return "version";
  if (accounts.length > 1) return "account";
  return peers.length > 1 ? "people" : "version";
}
