import type { Shown } from "./agreement.ts";

/** What the gateway's configuration says of keys; defaults as the gateway has them. */
export type KeySettings = {
  /** `session.scope`: `global` is one session for everybody */
  scope?: "per-sender" | "global";
  /** `session.dmScope`: which direct messages share a session; `main` unless it says otherwise */
  dmScope?: "main" | "per-peer" | "per-channel-peer" | "per-account-channel-peer";
  /** `session.mainKey`; `main` unless it says otherwise */
  mainKey?: string;
  /** channels with more than one account: which of them a message came through, no transcript says */
  severalAccounts?: readonly string[];
  /** releases before 2026.2 write `dm` */
  directWord?: "direct" | "dm";
  /** releases from 2026.5 on keep the case of ids of Signal groups and Matrix rooms */
  keepsCase?: boolean;
};

/**
 * The key that the gateway gives a session of which that was shown; undefined when what was shown is not enough. A subagent's
 * and a hook's own id are not in a transcript: the session's id stands for it, so that the key tells the kind. Pure.
 */
export function keyFor(
  shown: Shown,
  agentId: string,
  sessionId: string,
  settings: KeySettings = {},
): string | undefined {
  const key = (rest: string) => `agent:${agentId}:${rest}`;
  switch (shown.kind) {
    case "cron-run":
      return shown.jobId === undefined ? undefined : key(`cron:${shown.jobId.toLowerCase()}:run:${sessionId}`);
    case "hook":
    case "subagent":
      return key(`${shown.kind}:${sessionId}`);
  }
  if (settings.scope === "global") return "global";
  switch (shown.kind) {
    case "heartbeat":
      return key(mainKeyOf(settings));
    case "own-client":
      // A command line may talk to any session by its key: likely enough only where all direct conversations share one.
      return shown.channel !== undefined || (settings.dmScope ?? "main") === "main"
        ? key(mainKeyOf(settings))
        : undefined;
    case "direct":
      return directKey(shown, key, settings);
    case "group":
      return groupKey(shown, key, settings);
    default:
      return undefined;
  }
}

function directKey(shown: Shown, key: (rest: string) => string, settings: KeySettings): string | undefined {
  const { dmScope = "main", severalAccounts = [], directWord = "direct" } = settings;
  // Releases differ in how they name a thread of a direct conversation.
  if (shown.thread !== undefined) return undefined;
  if (dmScope === "main") return key(mainKeyOf(settings));
  const peer = shown.isMixed ? undefined : shown.peer?.toLowerCase();
  if (peer === undefined) return undefined;
  if (dmScope === "per-peer") return key(`${directWord}:${peer}`);
  if (shown.channel === undefined) return undefined;
  if (dmScope === "per-channel-peer") return key(`${shown.channel}:${directWord}:${peer}`);
  return severalAccounts.includes(shown.channel) ? undefined : key(`${shown.channel}:default:${directWord}:${peer}`);
}

const CASED = new Set(["signal", "matrix"]);
/** Where the parts of a group have sessions of their own; elsewhere a thread is a group to itself, or shows its id in full. */
const THREAD_WORDS = new Map([
  ["telegram", "topic"],
  ["slack", "thread"],
  ["mattermost", "thread"],
]);

function groupKey(shown: Shown, key: (rest: string) => string, { keepsCase }: KeySettings): string | undefined {
  const { channel, peer, thread, chatType = "group" } = shown;
  if (channel === undefined || peer === undefined || shown.isMixed) return undefined;
  const id = keepsCase && CASED.has(channel) ? peer : peer.toLowerCase();
  const base = `${channel}:${chatType === "channel" ? "channel" : "group"}:${id}`;
  if (thread === undefined) return key(base);
  const word = THREAD_WORDS.get(channel);
  return word && key(`${base}:${word}:${thread.toLowerCase()}`);
}

function mainKeyOf({ mainKey }: KeySettings): string {
  return mainKey?.trim().toLowerCase() || "main";
}
