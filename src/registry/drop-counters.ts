import { editEntries, type RegistryEdit } from "./edit.ts";

/**
 * Takes the token counters out of an entry whose transcript was cut: they count rows that are gone. Absent, they read as
 * unknown until the next turn. The model's window (`contextTokens`), the number of compactions and the time of the last
 * update stay, as in the gateway's own `sessions.compact`.
 *
 * @param key the session key in its stored spelling
 * @param onlyFrom the session id that the entry must still have; with another one, nothing changes
 * @throws KeeperError (`failed`) when the text is malformed, or names are repeated where the edit would go
 */
export function dropCounters(text: string, key: string, onlyFrom?: string): RegistryEdit {
  return editEntries(text, (entry, entryKey) => {
    if (entryKey !== key || (onlyFrom !== undefined && entry.read("sessionId") !== onlyFrom)) return undefined;
    const held = COUNTERS.filter((name) => entry.has(name));
    return held.length > 0 ? { remove: new Set(held) } : undefined;
  });
}

const COUNTERS = ["totalTokens", "inputTokens", "outputTokens", "totalTokensFresh", "cacheRead", "cacheWrite"];
