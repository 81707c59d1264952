import { expect, test } from "vitest";
import { accountIdOf, agentIdOf, channelOf, chatKindOf } from "../../src/routing/names.ts";

test("ids of agents and accounts are small letters, digits, - and _", () => {
  expect(["", "  ", "Ops", " Ops Team! ", "--", "é"].map(agentIdOf)).toEqual([
    "main",
    "main",
    "ops",
    "ops-team",
    "main",
    "main",
  ]);
  expect(["", "Work", "__proto__", "constructor", "a b"].map(accountIdOf)).toEqual([
    "default",
    "work",
    "default",
    "default",
    "a-b",
  ]);
  expect(agentIdOf("x".repeat(70))).toHaveLength(64);
});

test("a channel by its aliases, a kind by its old word", () => {
  expect([" IMSG ", "google-chat", "telegram", "constructor"].map(channelOf)).toEqual([
    "imessage",
    "googlechat",
    "telegram",
    "constructor",
  ]);
  expect(["DM", "direct", "group", "Channel", "room", ""].map(chatKindOf)).toEqual([
    "direct",
    "direct",
    "group",
    "channel",
    undefined,
    undefined,
  ]);
});
