import { expect, test } from "vitest";
import type { Shown } from "../../src/derive/agreement.ts";
import { type KeySettings, keyFor } from "../../src/derive/key.ts";

const direct: Shown = { kind: "direct", channel: "telegram", peer: "700" };
const group: Shown = { kind: "group", chatType: "group", channel: "telegram", peer: "-1002003004" };
const room: Shown = { kind: "group", chatType: "channel", channel: "slack", peer: "C0ABCDEF1" };
const family: Shown = { kind: "group", chatType: "group", channel: "signal", peer: "aBc=" };
const job: Shown = { kind: "cron-run", jobId: "Job-1" };
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
  [{ kind: "heartbeat" }, { heartbeatElsewhere: true }, undefined],
  [{ kind: "heartbeat", isBesideBareText: true }, {}, "agent:ops:main"],
  [{ kind: "heartbeat", isBesideBareText: true }, { keepsBareText: true }, undefined],
  [{ kind: "own-client" }, {}, undefined],
  [{ kind: "own-client", channel: "webchat" }, peer, undefined],
  [direct, { isDirectUnknown: true }, undefined],
  [{ ...direct, isWoken: true }, peer, "agent:ops:main"],
  [{ ...direct, isWoken: true }, { ...peer, heartbeatElsewhere: true }, undefined],
  [{ ...group, isWoken: true }, {}, undefined],
  [{ ...group, isWoken: true }, { heartbeatElsewhere: true }, "agent:ops:telegram:group:-1002003004"],
  [direct, { ...peer, links: new Map([["ada", ["telegram:700"]]]) }, "agent:ops:telegram:direct:ada"],
  [direct, { ...peer, links: new Map([["ada", ["whatsapp:700", "701"]]]) }, "agent:ops:telegram:direct:700"],
  [direct, { links: new Map([["ada", ["700"]]]) }, "agent:ops:main"],
  [job, { jobTargets: new Map([["job-1", "isolated"]]), jobsShareKeys: true }, "agent:ops:cron:job-1"],
  [job, { jobsShareKeys: true }, undefined],
  [job, { jobTargets: new Map([["job-1", "session:agent:ops:telegram:group:-1"]]) }, "agent:ops:telegram:group:-1"],
  [job, { jobTargets: new Map([["job-1", "session:agent:main:main"]]) }, undefined],
  [job, { jobTargets: new Map([["job-1", "session:mine"]]) }, undefined],
  [{ kind: "somewhere", channel: "feishu" }, {}, undefined],
])("%j with %j", (shown, settings, key) => {
  expect(keyFor(shown, "ops", "s1", settings)).toBe(key);
});
