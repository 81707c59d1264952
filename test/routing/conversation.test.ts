import { expect, test } from "vitest";
import { channelIn, conversationOf } from "../../src/routing/conversation.ts";
import { bound, received } from "./configurations.ts";

const read = (rest: string, entry = {}) => conversationOf(received("work", rest, entry), bound([]));

test("a topic: the peer with its topic, the group as its parent", () => {
  expect(read("telegram:group:-1001:topic:7")).toMatchObject({
    ...{ agent: "work", channel: "telegram", kinds: ["group"], accounts: ["default"], thread: "topic:7" },
    peers: [{ id: "-1001:topic:7", isExact: true }],
    parent: { spelling: { id: "-1001", isExact: true }, isSure: true },
  });
});

test("a thread: the peer of what it is a thread of", () => {
  expect(read("slack:channel:c0ab:thread:1700.2")).toMatchObject({
    ...{ kinds: ["channel"], peers: [{ id: "C0AB", isExact: true }], parent: null, thread: "thread:1700.2" },
  });
});

test("accounts: the key's, else those that the entry tells, else those that the channel may have", () => {
  expect(read("telegram:second:direct:700")).toMatchObject({ accounts: ["second"] });
  expect(read("telegram:direct:700", { lastAccountId: "Second" })).toMatchObject({ accounts: ["default", "second"] });
  expect(conversationOf({ agent: "main", key: "telegram:group:-1", entry: {} }, bound([]))).toMatchObject({
    ...{ agent: "main", accounts: ["default"] },
  });
});

test("an old word for a group tells of no kind, a key without channel of no channel", () => {
  expect(read("matrix:room:!Ab:example.org")).toMatchObject({ kinds: ["group", "channel"] });
  expect(read("direct:700")).toMatchObject({ channel: undefined, kinds: ["direct"] });
});

test("a session that only looks like one of a conversation", () => {
  expect(read("telegram:group:-1", { acp: {} })).toBe("acp");
  expect(read("main")).toBe("main");
  expect(read("odd", { chatType: "group" })).toBe("unknown");
});

test("the entry's channel, where it tells one", () => {
  expect(channelIn({ channel: "imsg", lastChannel: "imessage" })).toBe("imessage");
  expect(channelIn({ channel: "telegram", lastChannel: "slack" })).toBeUndefined();
  expect(channelIn({ channel: 7, origin: [], deliveryContext: null })).toBeUndefined();
});
