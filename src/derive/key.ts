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
  /** who is the same person: the name that stands in keys, and ids, with or without their channel, all in small letters */
  links?: ReadonlyMap<string, readonly string[]>;
  /** heartbeats are set up to go to another session than the main one */
  heartbeatElsewhere?: boolean;
  /** what jobs are set up to run in, by id: `isolated`, `session:<key>`, … */
  jobTargets?: ReadonlyMap<string, string>;
  /** of releases before 2026.2, whose hooks look like jobs, and where the runs of a job share its key */
  jobsShareKeys?: boolean;
  /** what people write is kept as they typed it (releases from 2026.5 on), so that they may type what the gateway writes */
  keepsBareText?: boolean;
  /** what the configuration says of direct conversations cannot be told */
  isDirectUnknown?: boolean;
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
      return jobKey(shown.jobId, agentId, sessionId, settings);
    case "hook":
    case "subagent":
      return key(`${shown.kind}:${sessionId}`);
  }
  if (settings.scope === "global") return "global";
  switch (shown.kind) {
    case "heartbeat":
      if (settings.heartbeatElsewhere || (shown.isBesideBareText && settings.keepsBareText)) return undefined;
      return key(mainKeyOf(settings));
    case "direct":
      return directKey(shown, key, settings);
    case "group":
      return groupKey(shown, key, settings);
    default:
      return undefined;
  }
}

/** A job that is set up to speak in a session of its own choice, rather than in one for each run, says in which. */
function jobKey(
  jobId: string | undefined,
  agentId: string,
  sessionId: string,
  { jobTargets, jobsShareKeys }: KeySettings,
): string | undefined {
  if (jobId === undefined) return undefined;
  const target = jobTargets?.get(jobId.toLowerCase());
  if (target === undefined && jobsShareKeys) return undefined;
  const job = `agent:${agentId}:cron:${jobId.toLowerCase()}`;
  if (target === undefined || target === "isolated") return jobsShareKeys ? job : `${job}:run:${sessionId}`;
  const named = /^session:(agent:.+)$/i.exec(target)?.[1];
  return named?.toLowerCase().startsWith(`agent:${agentId}:`) ? named : undefined;
}

function directKey(shown: Shown, key: (rest: string) => string, settings: KeySettings): string | undefined {
  const { dmScope = "main", severalAccounts = [], directWord = "direct", isDirectUnknown } = settings;
  // Releases differ in how they name a thread of a direct conversation.
  if (shown.thread !== undefined || isDirectUnknown) return undefined;
  if (dmScope === "main") return key(mainKeyOf(settings));
  // People had no sessions of their own yet when it began.
  if (shown.isWoken) return settings.heartbeatElsewhere ? undefined : key(mainKeyOf(settings));
  const peer = shown.isMixed || shown.peer === undefined ? undefined : linkedName(shown.peer, shown.channel, settings);
  if (peer === undefined) return undefined;
  if (dmScope === "per-peer") return key(`${directWord}:${peer}`);
  if (shown.channel === undefined) return undefined;
  if (dmScope === "per-channel-peer") return key(`${shown.channel}:${directWord}:${peer}`);
  return severalAccounts.includes(shown.channel) ? undefined : key(`${shown.channel}:default:${directWord}:${peer}`);
}

/** The name by which a key calls a person who is linked, else the person's own id. */
function linkedName(peer: string, channel: string | undefined, { links }: KeySettings): string {
  const id = peer.toLowerCase();
  for (const [name, ids] of links ?? []) if (ids.includes(id) || ids.includes(`${channel}:${id}`)) return name;
  return id;
}

const CASED = new Set(["signal", "matrix"]);
/** Where the parts of a group have sessions of their own; elsewhere a thread is a group to itself, or shows its id in full. */
const THREAD_WORDS = new Map([
  ["telegram", "topic"],
  ["slack", "thread"],
  ["mattermost", "thread"],
]);

function groupKey(shown: Shown, key: (rest: string) => string, settings: KeySettings): string | undefined {
  const { channel, peer, thread, chatType = "group" } = shown;
  const { keepsCase, heartbeatElsewhere } = settings;
  if (channel === undefined || peer === undefined || shown.isMixed) return undefined;
  if (shown.isWoken && !heartbeatElsewhere) return undefined;
  const id = keepsCase && CASED.has(channel) ? peer : peer.toLowerCase();
  const base = `${channel}:${chatType === "channel" ? "channel" : "group"}:${id}`;
  if (thread === undefined) return key(base);
  const word = THREAD_WORDS.get(channel);
  return word && key(`${base}:${word}:${thread.toLowerCase()}`);
}

function mainKeyOf({ mainKey }: KeySettings): string {
  return mainKey?.trim().toLowerCase() || "main";
}
