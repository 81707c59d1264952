import { optional } from "../json/optional.ts";
import { readAddress } from "./address.ts";
import { readEnvelope } from "./envelope.ts";

/**
 * What one message shows of the session that it was put into. Nothing of what somebody said; ids are as they are spelt in the
 * text, and `to` is the address that the gateway answers to.
 */
export type Mark = {
  /**
   * `stamped`: came through the gateway itself, not through a channel: from its web page, its command line, or as the task of a
   * subagent of an old release; `somewhere`: through that channel, but neither from whom nor from which group is told
   */
  kind: "direct" | "group" | "cron-run" | "hook" | "subagent" | "heartbeat" | "stamped" | "somewhere";
  channel?: string;
  /** what the gateway calls it; `channel` is a room of a server or a workspace */
  chatType?: "direct" | "group" | "channel";
  peer?: string;
  /** a topic or a thread within it */
  thread?: string;
  to?: string;
  /** of a cron run */
  jobId?: string;
};

/**
 * What a message of the role `user` shows, by what releases of the gateway put in front of it or around it; undefined for plain
 * text. Pure. A person may type such words too, but never in front of what the gateway puts there.
 */
export function readMark(text: string): Mark | undefined {
  const body = withoutNotes(text.slice(0, LONGEST_PREFIX));
  return readSystemPrompt(body) ?? readConversationInfo(body) ?? readEnvelope(body, text) ?? readStamp(body);
}

/** What is put in front of a message is short, but for the messages of a group that nobody answered. */
const LONGEST_PREFIX = 64 * 1024;

/** Lines that releases put in front of all else: events that came in meanwhile, files that came with the message, hints. */
const NOTES =
  /^(?:(?:System(?: \(untrusted\))?: |Note: The previous agent run was |\[media attached|To send an image back)[^\n]*\n+)+/;

function withoutNotes(text: string): string {
  return text.replace(NOTES, "");
}

const HEARTBEAT = /^(?:Read HEARTBEAT\.md if it exists|\[OpenClaw heartbeat poll\])/;
const SUBAGENT = /^\[Subagent (?:Context|Task)\]/;
const CRON = /^\[cron:([A-Za-z0-9][A-Za-z0-9._-]{0,127})(?: [^\n]*)?\]/;
/** A hook's message is wrapped as something from outside. Search results are too, but never in a message of the user. */
const HOOK = /^(?:[^\n]{0,400}Job ID: [^\n]*\n\n)?SECURITY NOTICE: [\s\S]{0,4000}?<<<EXTERNAL_UNTRUSTED_CONTENT/;

function readSystemPrompt(body: string): Mark | undefined {
  const prompt = body.replace(STAMP, "");
  if (SUBAGENT.test(prompt)) return { kind: "subagent" };
  const jobId = CRON.exec(prompt)?.[1];
  if (jobId !== undefined) return { kind: "cron-run", jobId };
  if (HOOK.test(prompt)) return { kind: "hook" };
  return HEARTBEAT.test(prompt) ? { kind: "heartbeat" } : undefined;
}

/** A weekday, a day and a time, as the gateway puts them before what did not come through a channel. */
const STAMP = /^\[[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?: [^\]\n]{1,40})?\] /;

function readStamp(body: string): Mark | undefined {
  return STAMP.test(body) ? { kind: "stamped" } : undefined;
}

const TASK = /\[Subagent Task\]: ([\s\S]*)$/;

/** What a message asks, without what the gateway puts in front of the task of a subagent. Pure. */
export function taskIn(text: string): string {
  const prompt = text.replace(STAMP, "");
  return (TASK.exec(prompt)?.[1] ?? prompt).trim();
}

const INFO = /^Conversation info \(untrusted metadata\):\n```json\n([\s\S]*?)\n```/m;
const SENDER = /^Sender \(untrusted metadata\):\n```json\n([\s\S]*?)\n```/m;
/** The web page of the gateway, and its other own clients. */
const OWN_CLIENT = /^(?:openclaw-|gateway-client|webchat|cli$)/;

/** Releases from 2026.2 to 2026.5 put what they know of the conversation in front, as JSON. */
function readConversationInfo(body: string): Mark | undefined {
  if (!/^(?:Conversation info|Sender) \(untrusted metadata\):\n/.test(body)) return undefined;
  const info = parse(INFO.exec(body)?.[1]);
  const to = textOf(info.chat_id);
  if (to === undefined && info.is_group_chat !== true) {
    const sender = parse(SENDER.exec(body)?.[1]);
    return OWN_CLIENT.test(textOf(sender.id) ?? "")
      ? { kind: "stamped", channel: "webchat", chatType: "direct" }
      : undefined;
  }
  const isGroup = info.is_group_chat === true || textOf(info.group_subject) !== undefined;
  const thread = textOf(info.topic_id);
  const place = readAddress(to ?? "", isGroup);
  const peer = place.peer ?? (isGroup ? undefined : textOf(info.sender_id));
  return {
    kind: isGroup ? "group" : "direct",
    chatType: isGroup ? place.chatType : "direct",
    ...optional("channel", place.channel),
    ...optional("peer", peer),
    ...optional("thread", thread),
    ...optional("to", to),
  };
}

function parse(text: string | undefined): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}
