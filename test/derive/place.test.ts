import { expect, test } from "vitest";
import type { Shown } from "../../src/derive/agreement.ts";
import { placeOf } from "../../src/derive/place.ts";
import { readSessionKey } from "../../src/registry/session-key.ts";

const key = (text: string) => ({ ...readSessionKey(text), text });
const signal: Shown = { kind: "group", chatType: "group", channel: "signal", peer: "aBc=" };
const none = { keys: [] };

test.each([
  ["agent:main:telegram:group:-1:topic:7", { channel: "telegram", chatType: "group", groupId: "-1" }],
  ["agent:main:discord:channel:77", { channel: "discord", chatType: "channel", groupId: "77" }],
  ["agent:main:telegram:direct:700", { channel: "telegram", chatType: "direct" }],
  ["agent:main:main", {}],
])("the key tells: %s", (text, { channel, chatType, groupId }: Record<string, string>) => {
  const from = (value: string | undefined) => (value === undefined ? { from: "none" } : { value, from: "key" });
  expect(placeOf(key(text), undefined, none)).toEqual({ channel: from(channel), chatType: from(chatType), groupId });
});

test("a group's id keeps the spelling of the rows", () => {
  expect(placeOf(key("agent:main:signal:group:abc="), signal, none).groupId).toBe("aBc=");
});

test("what the rows show counts before what older entries say", () => {
  const entry = { channel: "telegram", chatType: "direct" };
  expect(placeOf(undefined, signal, { keys: [], entry })).toMatchObject({
    channel: { value: "signal", from: "rows" },
    chatType: { value: "group", from: "rows" },
  });
  expect(placeOf(undefined, undefined, { keys: [], entry })).toMatchObject({
    channel: { value: "telegram", from: "backup" },
    chatType: { value: "direct", from: "backup" },
  });
});

test("an entry of the same place tells, but not that it does not know", () => {
  const kin = { key: "k", entry: { channel: "unknown", lastChannel: "x" } };
  expect(placeOf(undefined, undefined, { keys: [], kin }).channel).toEqual({ from: "none" });
  expect(placeOf(undefined, undefined, { keys: [], kin: { key: "k", entry: { lastChannel: "x" } } }).channel).toEqual({
    value: "x",
    from: "kin",
  });
});
