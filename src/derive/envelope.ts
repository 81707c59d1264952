import { optional } from "../json/optional.ts";
import type { Mark } from "./mark.ts";

/**
 * What the envelope shows that releases up to 2026.2 put around a message: `[Telegram Kitchen id:-1002003004 topic:7 +2m Fri
 * 2026-11-20 16:57 UTC] Ada: hello`. Messages that stand there for context have one too; that of the message itself counts.
 *
 * @param body the text without what was put in front of the envelope
 * @param text all of it: Slack's ids stand at the end
 */
export function readEnvelope(body: string, text: string): Mark | undefined {
  const [, name = "", inside = ""] = ENVELOPE.exec(ownPartOf(body)) ?? [];
  const channel = CHANNELS.get(name);
  if (channel === undefined) return undefined;
  const from = inside.replace(TIME, "").replace(ELAPSED, "").trim();
  if (channel === "slack") return { ...readSlack(text, from), channel };
  return { ...(READERS.get(channel) ?? readOther)(from), channel };
}

/** By the name in the envelope. */
const CHANNELS = new Map([
  ["Telegram", "telegram"],
  ["WhatsApp", "whatsapp"],
  ["Discord", "discord"],
  ["Slack", "slack"],
  ["Signal", "signal"],
  ["iMessage", "imessage"],
  ["LINE", "line"],
  ["Mattermost", "mattermost"],
  ["Teams", "msteams"],
  ["Google Chat", "googlechat"],
  ["BlueBubbles", "bluebubbles"],
  ["Feishu", "feishu"],
  ["Zalo Personal", "zalouser"],
  ["Zalo", "zalo"],
  ["Nextcloud Talk", "nextcloud-talk"],
  ["Twitch", "twitch"],
]);

const NAMES = [...CHANNELS.keys()].join("|");
/** A group's title may hold brackets itself, so the time ends it, where there is one. */
const ENVELOPE = new RegExp(
  `^\\[(${NAMES})(?: ([^\\n]{0,300}?\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d[^\\]\\n]{0,60}|[^\\]\\n]{0,300}))?\\](?: |$)`,
);
const TIME = /(?:^| )(?:[A-Z][a-z]{2} )?\d{4}-\d\d-\d\d[T ]\d\d:\d\d[^\]\n]*$/;
const ELAPSED = /(?:^| )\+\d+[a-z]+$/;
const CURRENT = "[Current message - respond to this]\n";

/** Without the messages put in front for context. Those of a group's history stand in envelopes of the same group. */
function ownPartOf(body: string): string {
  if (body.startsWith("[Chat messages since your last reply - for context]\n")) {
    const at = body.indexOf(CURRENT);
    return at >= 0 ? body.slice(at + CURRENT.length) : body.slice(body.indexOf("\n") + 1);
  }
  if (!/^\[(?:Replied message|Thread starter) - for context\]\n/.test(body)) return body;
  // its first envelope is that of the message which is quoted
  const starts = [...body.matchAll(new RegExp(`^\\[(?:${NAMES}) `, "gm"))];
  return body.slice(starts[1]?.index ?? body.length);
}

type Place = Omit<Mark, "channel">;
const READERS = new Map<string, (from: string) => Place>([
  ["telegram", readTelegram],
  ["whatsapp", readWhatsApp],
  ["discord", readDiscord],
  ["signal", readSignal],
  ["imessage", readIMessage],
]);

const direct = (peer?: string, to?: string): Place => ({
  kind: "direct",
  chatType: "direct",
  ...optional("peer", peer),
  ...optional("to", to),
});
const group = (peer?: string, to?: string, chatType: "group" | "channel" = "group"): Place => ({
  kind: "group",
  chatType,
  ...optional("peer", peer),
  ...optional("to", to),
});

function readTelegram(from: string): Place {
  const [, word, id, thread] = /(?:^| )(id:|group:)(-?\d{1,20})(?: topic:(\d{1,20}))?$/.exec(from) ?? [];
  if (id === undefined) return direct();
  const isGroup = word === "group:" || id.startsWith("-");
  return isGroup ? { ...group(id, `telegram:${id}`), ...optional("thread", thread) } : direct(id, `telegram:${id}`);
}

function readWhatsApp(from: string): Place {
  if (/^[\w.-]+@g\.us$/.test(from)) return group(from, from);
  return /^\+\d{5,15}$/.test(from) ? direct(from, from) : direct();
}

function readDiscord(from: string): Place {
  const [, word, id] = /(?:^| )(user|channel) id:(\d{1,22})$/.exec(from) ?? [];
  if (id === undefined) return direct();
  return word === "channel" ? group(id, `channel:${id}`, "channel") : direct(id, `user:${id}`);
}

function readSignal(from: string): Place {
  const id = /(?:^| )id:(\S+)$/.exec(from)?.[1] ?? from;
  if (/^\+\d{5,15}$/.test(id) || /^uuid:/.test(id)) return direct(id, `signal:${id}`);
  return / id:\S+$/.test(from) ? group(id, `group:${id}`) : direct();
}

function readIMessage(from: string): Place {
  const id = / id:(\d+)$/.exec(from)?.[1];
  if (id !== undefined) return group(id, `chat_id:${id}`);
  return /^\S+$/.test(from) ? direct(from, `imessage:${from}`) : direct();
}

/** A direct conversation of Slack shows only the name of who writes; the channel's id says what kind of place it is. */
function readSlack(text: string, from: string): Place {
  const id = /\[slack message id: [\d.]+ channel: ([A-Z][A-Z0-9]+)/.exec(text)?.[1];
  if (id?.startsWith("D") || (id === undefined && !from.startsWith("#"))) return direct();
  return id?.startsWith("C") ? group(id, `channel:${id}`, "channel") : group();
}

/** Other channels put a name or an id there, which does not say what it is of, unless it begins with a word that does. */
function readOther(from: string): Place {
  const id = /^(?:group|room):(\S+)$/.exec(from)?.[1];
  return id === undefined ? { kind: "somewhere" } : group(id);
}
