// Run with Node 24: shape-messages.ts PACKAGE. Prints what the package's own functions put around messages, as JSON by name.
import { writeSync } from "node:fs";
import { type ForeignFunction, reachFunctions } from "./reach-functions.ts";

const [folder = ""] = process.argv.slice(2);
const at = new Date("2026-11-20T16:57:00Z");
const shaped: Record<string, string> = {};

const envelope = await reach("formatInboundEnvelope");
const groupLabel = await reach("buildGroupLabel");
const senderLabel = await reach("buildSenderLabel");
const guildLabel = await reach("buildGuildLabel");
if (envelope && groupLabel && senderLabel) {
  const wrap = (channel: string, from: string, chatType: string) =>
    envelope({ channel, from, chatType, body: "hello", timestamp: at, sender: { name: "Ada", id: "700" } });
  const from = { first_name: "Ada", username: "ada", id: 700 };
  const msg = { from, chat: { title: "Made-up [kitchen]" } };
  shaped.telegramDirect = wrap("Telegram", senderLabel(msg, 700), "direct");
  shaped.telegramTopic = wrap("Telegram", groupLabel(msg, -1002003004, 7), "group");
  if (guildLabel) {
    const label = guildLabel({ guild: { name: "Made-up" }, channelName: "ops", channelId: "223456789012345678" });
    shaped.discordChannel = wrap("Discord", label, "channel");
  }
}
const prefix = await reach("buildInboundUserContextPrefix");
if (prefix) {
  const ctx = {
    MessageSid: "5",
    SenderId: "700",
    SenderName: "Ada",
    Provider: "telegram",
    OriginatingChannel: "telegram",
  };
  const telegram = { ...ctx, ChatType: "direct", OriginatingTo: "telegram:700" };
  const topic = {
    ...ctx,
    ChatType: "group",
    OriginatingTo: "telegram:-1002003004",
    MessageThreadId: 7,
    GroupSubject: "K",
  };
  shaped.infoDirect = `${prefix(telegram)}\n\nhello`;
  shaped.infoTopic = `${prefix(topic)}\n\nhello`;
}
const stamp = await reach("injectTimestamp");
if (stamp) shaped.stamped = stamp("hello", { now: at, timezone: "UTC" });
const external = await reach("buildSafeExternalPrompt");
if (external)
  shaped.hook = external({
    content: "hello",
    source: "email",
    jobName: "Mail",
    jobId: "42fd68a5",
    timestamp: "Friday",
  });
writeSync(1, JSON.stringify(shaped));
// the bundles leave timers behind
process.exit(0);

async function reach(name: string): Promise<ForeignFunction | undefined> {
  try {
    return (await reachFunctions(folder, [name]))[name];
  } catch {
    return undefined;
  }
}
