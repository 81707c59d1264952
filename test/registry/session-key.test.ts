import { expect, test } from "vitest";
import { readSessionKey } from "../../src/registry/session-key.ts";

test.each([
  ["agent:main:main", { agent: "main", kind: "main" }],
  ["main", { kind: "main" }],
  ["global", { kind: "main" }],
  ["agent:Ops:direct:49123", { agent: "ops", kind: "direct", peer: "49123" }],
  ["agent:main:telegram:direct:49123", { agent: "main", kind: "direct", channel: "telegram", peer: "49123" }],
  ["agent:main:telegram:dm:49123", { agent: "main", kind: "direct", channel: "telegram", peer: "49123" }],
  [
    "agent:main:telegram:work:direct:49123",
    { agent: "main", kind: "direct", channel: "telegram", account: "work", peer: "49123" },
  ],
  ["agent:main:telegram:group:-1001234", { agent: "main", kind: "group", channel: "telegram", peer: "-1001234" }],
  ["agent:main:discord:channel:77", { agent: "main", kind: "group", channel: "discord", peer: "77" }],
  [
    "agent:main:matrix:room:!AbC:server.org",
    { agent: "main", kind: "group", channel: "matrix", peer: "!AbC:server.org" },
  ],
  [
    "agent:main:telegram:group:-1001234:topic:12",
    {
      ...{ agent: "main", kind: "group", channel: "telegram", peer: "-1001234" },
      parent: "agent:main:telegram:group:-1001234",
    },
  ],
  [
    "agent:main:slack:channel:c1:thread:1700.2",
    { agent: "main", kind: "group", channel: "slack", peer: "c1", parent: "agent:main:slack:channel:c1" },
  ],
  ["agent:main:main:thread:9", { agent: "main", kind: "main", parent: "agent:main:main" }],
  ["agent:main:cron:daily", { agent: "main", kind: "cron" }],
  ["agent:main:cron:daily:run:6f0c1d6e", { agent: "main", kind: "cron-run" }],
  ["cron:daily", { kind: "cron" }],
  ["agent:main:hook:gmail:msg", { agent: "main", kind: "hook" }],
  ["agent:main:subagent:6f0c", { agent: "main", kind: "subagent" }],
  ["agent:main:subagent:6f0c:subagent:7a", { agent: "main", kind: "subagent" }],
  ["agent:main:cron:x:subagent:7a", { agent: "main", kind: "subagent" }],
  ["agent:main:acp:6f0c", { agent: "main", kind: "acp" }],
  ["agent:main:openai:abc", { agent: "main", kind: "client" }],
  ["agent:main:heartbeat", { agent: "main", kind: "client" }],
  ["group:-5", { kind: "group", peer: "-5" }],
  ["12036@g.us", { kind: "group", peer: "12036@g.us" }],
  ["+15551234567", { kind: "direct", peer: "+15551234567" }],
  ["agent:main:0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10", { agent: "main", kind: "unknown" }],
  ["unknown", { kind: "unknown" }],
])("%s", (key, expected) => {
  expect(readSessionKey(key)).toEqual(expected);
});

test("a configured main key, and the entry's chat type where the key does not tell", () => {
  expect(readSessionKey("agent:main:home", { mainKey: "Home" }).kind).toBe("main");
  expect(readSessionKey("agent:main:odd", { chatType: "channel" }).kind).toBe("group");
  expect(readSessionKey("agent:main:odd", { chatType: "direct" }).kind).toBe("direct");
});
