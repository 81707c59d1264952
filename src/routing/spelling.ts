/** A peer's id for one kind of conversation, as far as it is known how the channel spells it. */
export type Spelling = {
  id: string;
  /** false: the session key has it in small letters, and the channel may write it otherwise */
  isExact: boolean;
};

/**
 * How a channel spells an id that a session key holds in small letters. Bindings are compared with the channel's spelling,
 * capitals and all. Pure.
 *
 * @param evidence texts of the entry that may hold the id as the channel wrote it
 */
export function spellingOf(id: string, channel: string | undefined, evidence: readonly string[]): Spelling {
  if (hasCapitals(id) || id.toLowerCase() === id.toUpperCase()) return { id, isExact: true };
  if (channel === "slack") return { id: id.toUpperCase(), isExact: true };
  if (channel === "line" && /^[ucr][0-9a-f]{32}$/.test(id)) {
    return { id: `${id.slice(0, 1).toUpperCase()}${id.slice(1)}`, isExact: true };
  }
  if (channel !== undefined && NO_CAPITALS.get(channel)?.test(id)) return { id, isExact: true };
  // small letters prove nothing: most of what an entry holds was folded too
  const found = evidence.map((text) => spelledIn(text, id)).find((text) => text !== undefined && hasCapitals(text));
  return found === undefined ? { id, isExact: false } : { id: found, isExact: true };
}

/** Ids of these forms are never written with capitals, or the gateway itself folds them before it looks at bindings. */
const NO_CAPITALS: ReadonlyMap<string, RegExp> = new Map([
  ["telegram", /^-?\d+:topic:\d+$/],
  ["whatsapp", /@(?:g\.us|s\.whatsapp\.net|lid|newsletter)$/],
  ["feishu", /^o[a-z]_[0-9a-f]{16,}/],
  ["mattermost", /^[a-z0-9]{26}$/],
  ["nostr", /^(?:[0-9a-f]{64}|npub1[0-9a-z]+)$/],
  ["signal", /^uuid:[0-9a-f-]+$/],
  ["imessage", /^[^;:@]+@[^;:@]+$/],
]);

function spelledIn(text: string, id: string): string | undefined {
  const at = text.toLowerCase().indexOf(id);
  if (at < 0 || /[a-z0-9]/i.test(text[at - 1] ?? "") || /[a-z0-9]/i.test(text[at + id.length] ?? "")) return undefined;
  return text.slice(at, at + id.length);
}

function hasCapitals(text: string): boolean {
  return text !== text.toLowerCase();
}
