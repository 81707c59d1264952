/** What a session key says of its session. */
export type SessionKey = {
  /** absent: a key from before agents had names, or a word of its own; it belongs to the agent in whose registry it stands */
  agent?: string;
  kind: SessionKind;
  /** it is a thread or a topic within a session of its kind; this is that session's key, in the stored spelling */
  parent?: string;
  channel?: string;
  account?: string;
  /** of a person, a group or a room, as it is spelt in the key */
  peer?: string;
};

export type SessionKind =
  | "main"
  | "direct"
  | "group"
  | "cron"
  | "cron-run"
  | "hook"
  | "subagent"
  | "acp"
  | "client"
  | "unknown";

/** A session of one errand is over with it; of any other somebody may write again, so it keeps its route. Pure. */
export function isErrand(kind: SessionKind): boolean {
  return kind === "cron-run" || kind === "hook" || kind === "subagent";
}

/**
 * Reads a session key. Words are matched whatever their case, ids keep their spelling and may hold colons. Pure.
 *
 * @param options.mainKey what the gateway's configuration calls an agent's main session
 * @param options.chatType the entry's, for a key that does not tell by itself
 */
export function readSessionKey(
  key: string,
  { mainKey = "main", chatType }: { mainKey?: string; chatType?: string | undefined } = {},
): SessionKey {
  const prefixed = /^agent:([a-z0-9][a-z0-9_-]{0,63}):(.+)$/is.exec(key);
  const rest = prefixed?.[2] ?? key;
  const agent = prefixed?.[1]?.toLowerCase();
  const thread = THREAD.exec(rest);
  const isOwn = thread !== null && !SYSTEM.test(rest);
  const read = describe(isOwn ? (thread[1] ?? rest) : rest, mainKey.toLowerCase(), chatType);
  return {
    ...(agent === undefined ? {} : { agent }),
    ...read,
    ...(isOwn ? { parent: key.slice(0, key.length - rest.length) + (thread[1] ?? "") } : {}),
  };
}

/** The last marker counts: the id before it may hold such a word. */
const THREAD = /^(.+):(?:topic|thread):[^:].*?$/is;
const SYSTEM = /(?:^|:)subagent:|^(?:acp|cron|hook):/i;

function describe(rest: string, mainKey: string, chatType: string | undefined): SessionKey {
  const lower = rest.toLowerCase();
  if (/(?:^|:)subagent:/.test(lower)) return { kind: "subagent" };
  if (lower.startsWith("acp:")) return { kind: "acp" };
  if (/^cron:.+:run:./.test(lower)) return { kind: "cron-run" };
  if (lower.startsWith("cron:")) return { kind: "cron" };
  if (lower.startsWith("hook:")) return { kind: "hook" };
  if (lower === "main" || lower === mainKey || lower === "global") return { kind: "main" };
  if (/(?:^|:)heartbeat$/.test(lower) || /^(?:openai|dashboard|explicit|node):|^tui-/.test(lower))
    return { kind: "client" };
  const group = /^(?:([^:]+):)?(?:([^:]+):)?(?:group|channel|room):(.+)$/is.exec(rest);
  if (group) return { kind: "group", ...place(group) };
  const direct = /^(?:([^:]+):)?(?:([^:]+):)?(?:direct|dm):(.+)$/is.exec(rest);
  if (direct) return { kind: "direct", ...place(direct) };
  if (lower.endsWith("@g.us")) return { kind: "group", peer: rest };
  if (/^\+\d{5,}$/.test(rest)) return { kind: "direct", peer: rest };
  if (chatType === "group" || chatType === "channel" || chatType === "room") return { kind: "group" };
  return { kind: chatType === "direct" ? "direct" : "unknown" };
}

function place([, channel, account, peer]: RegExpExecArray): Pick<SessionKey, "channel" | "account" | "peer"> {
  return {
    ...(channel === undefined ? {} : { channel: channel.toLowerCase() }),
    ...(account === undefined ? {} : { account }),
    ...(peer === undefined ? {} : { peer }),
  };
}
