/** The kinds of conversation that a binding can name. */
export type ChatKind = "direct" | "group" | "channel";

/** An agent's id as the gateway writes it: small letters, digits, `-` and `_`, at most 64 of them; `main` for nothing. Pure. */
export function agentIdOf(raw: string): string {
  return shortId(raw) || "main";
}

/** An account's id as the gateway writes it, `default` for nothing. Pure. */
export function accountIdOf(raw: string): string {
  const id = shortId(raw);
  return id === "" || NAMES_OF_OBJECTS.has(id) ? "default" : id;
}

/** A channel's own name for itself or one of its aliases. Bindings are compared without: there, an alias matches nothing. */
export function channelOf(raw: string): string {
  const name = raw.trim().toLowerCase();
  return ALIASES[name] ?? name;
}

/** `dm` is what `direct` was called once. Undefined for any other word. */
export function chatKindOf(raw: string): ChatKind | undefined {
  const word = raw.trim().toLowerCase();
  if (word === "direct" || word === "dm") return "direct";
  return word === "group" || word === "channel" ? word : undefined;
}

const VALID_ID = /^[a-z0-9][a-z0-9_-]{0,63}$/i;
const NAMES_OF_OBJECTS = new Set(["__proto__", "prototype", "constructor"]);
const ALIASES: Record<string, string> = Object.assign(Object.create(null), {
  lark: "feishu",
  gchat: "googlechat",
  "google-chat": "googlechat",
  imsg: "imessage",
  "internet-relay-chat": "irc",
  teams: "msteams",
  nc: "nextcloud-talk",
  "nc-talk": "nextcloud-talk",
  "twitch-chat": "twitch",
  zl: "zalo",
  zlu: "zalouser",
});

function shortId(raw: string): string {
  const trimmed = raw.trim();
  const lower = trimmed.toLowerCase();
  if (VALID_ID.test(trimmed)) return lower;
  return lower
    .replace(/[^a-z0-9_-]+/g, "-")
    .replace(/^-+/, "")
    .replace(/-+$/, "")
    .slice(0, 64);
}
