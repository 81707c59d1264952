import type { Binding } from "./bindings.ts";
import type { Conversation } from "./conversation.ts";
import { accountIdOf, type ChatKind } from "./names.ts";
import type { Rules } from "./routing.ts";
import type { Spelling } from "./spelling.ts";
import { UnknownValue } from "./unknown-value.ts";

/** Why it can't be told whether a binding matches. */
export type Doubt = "variable" | "channel" | "account" | "spelling" | "parent" | "guild" | "team" | "roles";

/** Whether something matches; a doubt is neither yes nor no. */
export type Answer = boolean | Doubt;

/** One way that a message of a conversation may have come: by one account, from one of those who share the session. */
export type Situation = {
  channel: string | undefined;
  /** undefined: by any */
  account: string | undefined;
  kind: ChatKind;
  peer: Spelling;
  parent: Conversation["parent"];
  space: string | undefined;
};

/** The first no, else the first doubt, else yes. */
export function all(...answers: Answer[]): Answer {
  return answers.includes(false) ? false : (answers.find((answer) => answer !== true) ?? true);
}

export function matchesChannel({ channel }: Binding, situation: Situation): Answer {
  if (channel instanceof UnknownValue) return "variable";
  return situation.channel === undefined ? channel !== "" && "channel" : channel === situation.channel;
}

/** Up to 2026.2.9 accounts are compared as they are written; an entry and a key may have them in small letters. */
export function matchesAccount({ account }: Binding, situation: Situation, rules: Rules): Answer {
  if (account instanceof UnknownValue) return "variable";
  if (account === "*") return true;
  if (situation.account === undefined) return "account";
  if (accountIdOf(account) !== situation.account) return false;
  return rules === "scoped" || account === "" || account === situation.account || "account";
}

/** Whether the binding is for this conversation itself, whatever else it asks for. */
export function matchesPeer({ peer }: Binding, { kind, peer: actual }: Situation, rules: Rules): Answer {
  return peer === null ? false : all(isKind(peer.kind, kind, rules), isId(peer.id, actual));
}

/** Whether the binding is for the conversation that this one is a thread of. */
export function matchesParent({ peer }: Binding, { parent, kind, channel }: Situation, rules: Rules): Answer {
  if (peer === null || parent === null) return false;
  if (parent === "unknown") {
    const isRoom = channel === "discord" || channel === "matrix";
    return isRoom ? isKind(peer.kind, "channel", rules) !== false && "parent" : "parent";
  }
  const matches = all(isKind(peer.kind, kind, rules), isId(peer.id, parent.spelling));
  return matches === true && !parent.isSure ? "parent" : matches;
}

/** Whether the binding is for every conversation of this kind. */
export function matchesKind({ peer }: Binding, { kind }: Situation, rules: Rules): Answer {
  if (peer === null) return false;
  return isKind(peer.kind, kind, rules);
}

export function matchesGuild({ guildId }: Binding, situation: Situation): Answer {
  if (guildId instanceof UnknownValue) return "variable";
  if (situation.channel === "discord" && situation.kind !== "channel") return false;
  return isSpace(guildId, situation, HAS_GUILDS, "guild");
}

export function matchesTeam({ teamId }: Binding, situation: Situation): Answer {
  if (teamId instanceof UnknownValue) return "variable";
  return isSpace(teamId, situation, HAS_TEAMS, "team");
}

/** An entry never tells the roles of those who wrote; only Discord has them, and only in a guild. */
export function matchesRoles({ roles }: Binding, { channel, kind }: Situation): Answer {
  if (roles === null) return true;
  const mayHave = channel === undefined || (channel === "discord" && kind === "channel") || !NO_SPACES.has(channel);
  return mayHave ? "roles" : false;
}

const HAS_GUILDS: Record<string, RegExp> = { discord: /^\d{15,}$/ };
const HAS_TEAMS: Record<string, RegExp> = {
  slack: /^[A-Z][A-Z0-9]{6,}$/,
  mattermost: /^[a-z0-9]{26}$/,
  msteams: /^19:/,
};
/** Channels that never say a guild or a team. Of others, such as those that plugins bring, it is not known. */
const NO_SPACES = new Set(
  "telegram whatsapp signal imessage bluebubbles line googlechat matrix nextcloud-talk nostr irc zalo zalouser tlon twitch synology-chat qqbot feishu slack mattermost msteams".split(
    " ",
  ),
);

/** An entry may hold a space's name in place of its id: only what looks like an id can differ for sure. */
function isSpace(id: string, { channel, space }: Situation, ids: Record<string, RegExp>, doubt: Doubt): Answer {
  if (channel === undefined) return doubt;
  const looksLikeId = Object.hasOwn(ids, channel) ? ids[channel] : undefined;
  if (looksLikeId === undefined) return NO_SPACES.has(channel) || channel === "discord" ? false : doubt;
  if (space === undefined) return doubt;
  return space === id || (looksLikeId.test(space) ? false : doubt);
}

function isKind(kind: ChatKind | undefined | UnknownValue, actual: ChatKind, rules: Rules): Answer {
  if (kind instanceof UnknownValue) return "variable";
  return kind === actual || (rules === "scoped" && kind !== undefined && kind !== "direct" && actual !== "direct");
}

function isId(id: string | UnknownValue, actual: Spelling): Answer {
  if (id instanceof UnknownValue) return "variable";
  if (id === "") return false;
  if (id === actual.id) return actual.isExact || "spelling";
  return !actual.isExact && id.toLowerCase() === actual.id.toLowerCase() && "spelling";
}
