import { expect, test } from "vitest";
import type { Shown } from "../../src/derive/agreement.ts";
import { type KeySettings, keyFor } from "../../src/derive/key.ts";

const direct: Shown = { kind: "direct", channel: "telegram", peer: "700" };
const group: Shown = { kind: "group", chatType: "group", channel: "telegram", peer: "-1002003004" };
const room: Shown = { kind: "group", chatType: "channel", channel: "slack", peer: "C0ABCDEF1" };
const family: Shown = { kind: "group", chatType: "group", channel: "signal", peer: "aBc=" };
const peer: KeySettings = { dmScope: "per-channel-peer" };
const account: KeySettings = { dmScope: "per-account-channel-peer" };

test.each<[Shown, KeySettings, string | undefined]>([
  [direct, {}, "agent:ops:main"],
  [direct, { mainKey: "Home" }, "agent:ops:home"],
  [direct, { dmScope: "per-peer" }, "agent:ops:direct:700"],
  [direct, peer, "agent:ops:telegram:direct:700"],
  [direct, { ...peer, directWord: "dm" }, "agent:ops:telegram:dm:700"],
  [direct, account, "agent:ops:telegram:default:direct:700"],
  [direct, { ...account, severalAccounts: ["telegram"] }, undefined],
  [direct, { scope: "global" }, "global"],
  [{ ...direct, isMixed: true }, {}, "agent:ops:main"],
  [{ ...direct, isMixed: true }, peer, undefined],
  [{ ...direct, thread: "7" }, {}, undefined],
  [group, {}, "agent:ops:telegram:group:-1002003004"],
  [{ ...group, thread: "7" }, {}, "agent:ops:telegram:group:-1002003004:topic:7"],
  [{ ...group, isMixed: true }, {}, undefined],
  [{ kind: "group", channel: "slack" }, {}, undefined],
  [room, {}, "agent:ops:slack:channel:c0abcdef1"],
  [{ ...room, thread: "1700.01" }, {}, "agent:ops:slack:channel:c0abcdef1:thread:1700.01"],
  [{ ...family, thread: "1" }, {}, undefined],
  [family, {}, "agent:ops:signal:group:abc="],
  [family, { keepsCase: true }, "agent:ops:signal:group:aBc="],
  [{ kind: "cron-run", jobId: "Job-1" }, { scope: "global" }, "agent:ops:cron:job-1:run:s1"],
  [{ kind: "hook" }, {}, "agent:ops:hook:s1"],
  [{ kind: "subagent" }, {}, "agent:ops:subagent:s1"],
  [{ kind: "heartbeat" }, peer, "agent:ops:main"],
  [{ kind: "own-client" }, {}, "agent:ops:main"],
  [{ kind: "own-client" }, peer, undefined],
  [{ kind: "own-client", channel: "webchat" }, peer, "agent:ops:main"],
  [{ kind: "somewhere", channel: "feishu" }, {}, undefined],
])("%j with %j", (shown, settings, key) => {
  expect(keyFor(shown, "ops", "s1", settings)).toBe(key);
});
