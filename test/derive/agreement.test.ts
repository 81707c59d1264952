import { expect, test } from "vitest";
import { agree } from "../../src/derive/agreement.ts";
import { readMark } from "../../src/derive/mark.ts";
import { written } from "../support/unregistered.ts";

type Name = keyof typeof written;

test.each([
  [["telegramDirect", "telegramDirect"], { kind: "direct", channel: "telegram", peer: "700", to: "telegram:700" }],
  [["telegramDirect", "otherTelegramDirect"], { kind: "direct", channel: "telegram", isMixed: true }],
  [["telegramDirect", "whatsappDirect"], { kind: "direct", channel: "whatsapp", isMixed: true }],
  [["telegramGroup", "bare"], { kind: "group", channel: "telegram", peer: "-1002003004" }],
  [["telegramGroup", "telegramDirect"], { kind: "somewhere", channel: "telegram" }],
  [["heartbeat", "telegramDirect"], { kind: "direct", channel: "telegram", peer: "700", isWoken: true }],
  [["heartbeat", "telegramGroup"], { kind: "group", channel: "telegram", peer: "-1002003004", isWoken: true }],
  [["cron", "bare"], { kind: "cron-run", jobId: "42fd68a5-8345-4e1d-940f-c029affea412" }],
  [["cron", "telegramDirect"], { kind: "direct", channel: "telegram", peer: "700" }],
  [["hook", "telegramGroup", "telegramGroup"], { kind: "group", channel: "telegram", peer: "-1002003004" }],
  [["hook", "stamped"], { kind: "hook" }],
  [["subagent", "bare"], { kind: "subagent" }],
  [["subagent", "telegramGroup"], { kind: "subagent" }],
  [["feishu", "feishu"], { kind: "somewhere", channel: "feishu" }],
  [["stamped", "stamped"], { kind: "own-client" }],
  [["webPage"], { kind: "own-client", channel: "webchat" }],
  [["heartbeat", "bare"], { kind: "heartbeat", chatType: "direct", isBesideBareText: true }],
  [["heartbeat"], { kind: "heartbeat", chatType: "direct" }],
  [["stamped", "heartbeat", "webPage"], { kind: "heartbeat", chatType: "direct", channel: "webchat" }],
] as const)("%j", (names, shown) => {
  const marks = names.map((name) => readMark(written[name]));
  const chatType = { group: "group", direct: "direct" }[shown.kind as string];
  expect(agree(marks)).toEqual(chatType ? { chatType, ...shown } : shown);
});

test.each([[["bare", "bare"]], [["stamped", "bare"]], [["cron", "otherCron"]], [[]]] as [Name[]][])(
  "%j shows nothing",
  (names) => {
    expect(agree(names.map((name) => readMark(written[name])))).toBeUndefined();
  },
);
