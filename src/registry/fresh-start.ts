import type { ObjectChange } from "./change-object.ts";
import { type EntryFields, editEntries, type RegistryEdit } from "./edit.ts";

/**
 * Gives an entry a fresh start as by `/reset`: a new session id, nothing of the old transcript. It follows the gateway's own
 * `sessions.reset` where its versions agree. Where they differ (they rebuild the entry from a list of fields, which loses
 * what the list forgets), less is taken away: toggles, model choice, routing, delivery, lineage and every unknown field stay.
 *
 * @param key the session key in its stored spelling
 * @param nowMs milliseconds since 1970
 * @param onlyFrom the session id that the entry must still have; with another one, nothing changes
 * @throws KeeperError (`failed`) when the text is malformed, or names are repeated where the edit would go
 */
export function freshStart(
  text: string,
  key: string,
  newSessionId: string,
  nowMs: number,
  onlyFrom?: string,
): RegistryEdit {
  return editEntries(text, (entry, entryKey) => {
    if (entryKey !== key || (onlyFrom !== undefined && entry.read("sessionId") !== onlyFrom)) return undefined;
    return freshStartOf(entry, newSessionId, nowMs);
  });
}

/** The same for whoever edits several entries at once. */
export function freshStartOf(entry: EntryFields, newSessionId: string, nowMs: number): ObjectChange {
  const remove = new Set<string>(OF_THE_OLD_TRANSCRIPT);
  for (const name of chosenByTheGateway(entry)) remove.add(name);
  const set = new Map([
    ["sessionId", JSON.stringify(newSessionId)],
    ["updatedAt", String(nowMs)],
  ]);
  // Both are what a fresh session begins with; where they are absent, the gateway assumes the same. The first one also tells
  // that there is no transcript yet, so it is always there.
  set.set("systemSent", "false");
  if (entry.has("abortedLastRun")) set.set("abortedLastRun", "false");
  // Absent, the gateway takes the transcript's own start.
  if (entry.has("sessionStartedAt")) set.set("sessionStartedAt", String(nowMs));
  return {
    remove,
    replace: new Map([...set].filter(([name]) => entry.has(name))),
    insert: new Map([...set].filter(([name]) => !entry.has(name))),
  };
}

/**
 * What describes the old transcript or its last run. Kept although they look alike: `contextTokens` (the model's window, not a
 * counter), `compactionCheckpoints` (name files that would become orphans), `lastInteractionAt` (the person's last message is
 * no later for our edit), `skillsSnapshot` (built anew anyway once `systemSent` is false), `model`, `modelProvider`,
 * `pendingFinalDelivery…` (a reply that is still owed), `usageFamily…` (counts transcripts of earlier resets).
 */
const OF_THE_OLD_TRANSCRIPT = [
  // Wins over the session id, so it would lead back to the old file. Without it the gateway makes a new one, topics too.
  "sessionFile",
  // Token counters: of a context that is gone. Absent reads as unknown until the next turn.
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "totalTokensFresh",
  "cacheRead",
  "cacheWrite",
  "estimatedCostUsd",
  "contextBudgetStatus",
  // Compaction counters, and memory flushes, which are scheduled by comparing with them.
  "compactionCount",
  "authProfileOverrideCompactionCount",
  "memoryFlushAt",
  "memoryFlushCompactionCount",
  "memoryFlushContextHash",
  "memoryFlushFailureCount",
  "memoryFlushLastFailedAt",
  "memoryFlushLastFailureError",
  // Bindings: the command-line session behind them remembers the old conversation.
  "cliSessionBindings",
  "cliSessionIds",
  "claudeCliSessionId",
  // Of the last run. A terminal status lets some versions look for the old transcript's last line.
  "status",
  "startedAt",
  "endedAt",
  "runtimeMs",
  "systemPromptReport",
  "fallbackNoticeSelectedModel",
  "fallbackNoticeActiveModel",
  "fallbackNoticeReason",
  // Harness that the old transcript was written by, pinned so that it isn't continued by another.
  "agentHarnessId",
  // A goal pursued in the old conversation; counts tokens from where that one stood.
  "goal",
];

/**
 * A stand-in that the gateway chose by itself after a failure is not the person's choice: a reset drops it and goes back to
 * the configured model. Without a source, it is one that carries the mark which only the gateway's own choice leaves.
 */
function chosenByTheGateway(entry: EntryFields): string[] {
  const dropped: string[] = [];
  const modelSource = entry.read("modelOverrideSource");
  const fellBack = entry.has("modelOverrideFallbackOriginProvider") && entry.has("modelOverrideFallbackOriginModel");
  if (modelSource === "auto" || (modelSource === undefined && fellBack)) dropped.push(...MODEL_FALLBACK);
  const profileSource = entry.read("authProfileOverrideSource");
  const counted = typeof entry.read("authProfileOverrideCompactionCount") === "number";
  if (profileSource === "auto" || (profileSource === undefined && counted)) {
    dropped.push("authProfileOverride", "authProfileOverrideSource");
  }
  return dropped;
}

const MODEL_FALLBACK = [
  "providerOverride",
  "modelOverride",
  "modelOverrideSource",
  "modelOverrideFallbackOriginProvider",
  "modelOverrideFallbackOriginModel",
  // Say which model ran last and how large its window is: the stand-in's.
  "modelProvider",
  "model",
  "contextTokens",
];
