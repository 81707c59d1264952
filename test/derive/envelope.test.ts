import { expect, test } from "vitest";
import { readMark } from "../../src/derive/mark.ts";
import { written } from "../support/unregistered.ts";

const direct = { kind: "direct", chatType: "direct" };
const kitchen = {
  kind: "group",
  chatType: "group",
  channel: "telegram",
  peer: "-1002003004",
  to: "telegram:-1002003004",
};
const ops = {
  ...{ kind: "group", chatType: "channel", channel: "discord", peer: "223456789012345678" },
  to: "channel:223456789012345678",
};

test.each([
  ["telegramDirect", { ...direct, channel: "telegram", peer: "700", to: "telegram:700" }],
  ["telegramGroup", kitchen],
  ["telegramTopic", { ...kitchen, thread: "7" }],
  ["telegramHistory", kitchen],
  ["whatsappDirect", { ...direct, channel: "whatsapp", peer: "+15550001111", to: "+15550001111" }],
  [
    "whatsappGroup",
    {
      ...{ kind: "group", chatType: "group", channel: "whatsapp", peer: "120363000000000000@g.us" },
      to: "120363000000000000@g.us",
    },
  ],
  ["discordChannel", ops],
  ["discordReply", ops],
  [
    "slackChannel",
    { kind: "group", chatType: "channel", channel: "slack", peer: "C0ABCDEF1", to: "channel:C0ABCDEF1" },
  ],
  ["slackDirect", { ...direct, channel: "slack" }],
  ["signalDirect", { ...direct, channel: "signal", peer: "+15550002222", to: "signal:+15550002222" }],
  ["signalGroup", { kind: "group", chatType: "group", channel: "signal", peer: "aBc+/d=", to: "group:aBc+/d=" }],
  ["imessageDirect", { ...direct, channel: "imessage", peer: "ada@example.com", to: "imessage:ada@example.com" }],
  ["feishu", { kind: "somewhere", channel: "feishu" }],
] as const)("the envelope tells: %s", (name, mark) => {
  expect(readMark(written[name])).toEqual(mark);
});

test("a name that is no channel's is no envelope", () => {
  expect(readMark("[Todo Ada id:700 Fri 2026-11-20 16:57 UTC] hello")).toBeUndefined();
});
