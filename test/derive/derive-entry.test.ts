import { describe, expect, test } from "vitest";
import { deriveEntry, type Facts } from "../../src/derive/derive-entry.ts";
import { evidenceOf } from "../../src/derive/evidence.ts";
import { SESSION_ID, STARTED_AT, transcriptOf, written } from "../support/unregistered.ts";

type Name = keyof typeof written;
const path = `/host/agents/main/sessions/${SESSION_ID}.jsonl`;
const NOW = STARTED_AT + 3_600_000;

const factsOf = (names: readonly Name[], rest: Partial<Facts> = {}): Facts => ({
  path,
  mtimeMs: STARTED_AT + 60_000,
  agentId: "main",
  evidence: evidenceOf(
    transcriptOf(names.map((name) => written[name]))
      .split("\n")
      .map((line) => Buffer.from(line)),
  ),
  neighbours: { keys: [] },
  nameForGateway: (name) => name.replace("/host/", "/home/node/"),
  nowMs: NOW,
  reason: "no entry led to this transcript",
  ...rest,
});
const derive = (facts: Facts, taken: string[] = []) => {
  const derived = deriveEntry(facts, new Set(taken));
  if (!derived) throw new Error("no entry was made");
  return derived;
};

const peer = { settings: { dmScope: "per-channel-peer" } } as const;
const substitute = `agent:main:${SESSION_ID}`;
describe("a transcript of each class", () => {
  test.each<[Name, Partial<Facts>, string, string, string, string | undefined]>([
    // messages, settings, key, kind, channel, chat type
    ["telegramDirect", {}, "agent:main:main", "main", "telegram", "direct"],
    ["telegramDirect", peer, "agent:main:telegram:direct:700", "direct", "telegram", "direct"],
    ["infoDirect", {}, "agent:main:main", "main", "telegram", "direct"],
    ["infoDirect", peer, "agent:main:telegram:direct:700", "direct", "telegram", "direct"],
    ["whatsappDirect", peer, "agent:main:whatsapp:direct:+15550001111", "direct", "whatsapp", "direct"],
    ["discordDirect", peer, "agent:main:discord:direct:123456789012345678", "direct", "discord", "direct"],
    ["slackDirect", peer, substitute, "direct", "slack", "direct"],
    ["telegramGroup", {}, "agent:main:telegram:group:-1002003004", "group", "telegram", "group"],
    ["infoGroup", {}, "agent:main:telegram:group:-1002003004", "group", "telegram", "group"],
    ["telegramTopic", {}, "agent:main:telegram:group:-1002003004:topic:7", "group", "telegram", "group"],
    ["infoTopic", {}, "agent:main:telegram:group:-1002003004:topic:7", "group", "telegram", "group"],
    ["whatsappGroup", {}, "agent:main:whatsapp:group:120363000000000000@g.us", "group", "whatsapp", "group"],
    ["discordChannel", {}, "agent:main:discord:channel:223456789012345678", "group", "discord", "channel"],
    ["slackChannel", {}, "agent:main:slack:channel:c0abcdef1", "group", "slack", "channel"],
    [
      ...(["infoSlackThread", {}, "agent:main:slack:channel:c0abcdef1:thread:1700000000.000100"] as const),
      ...(["group", "slack", "channel"] as const),
    ],
    ["signalGroup", {}, "agent:main:signal:group:abc+/d=", "group", "signal", "group"],
    ["stamped", {}, substitute, "unknown", "unknown", undefined],
    ["webPage", {}, substitute, "unknown", "webchat", undefined],
    ["heartbeat", {}, "agent:main:main", "main", "unknown", "direct"],
    [
      ...(["cron", {}, `agent:main:cron:42fd68a5-8345-4e1d-940f-c029affea412:run:${SESSION_ID}`] as const),
      ...(["cron-run", "unknown", undefined] as const),
    ],
    ["hook", {}, `agent:main:hook:${SESSION_ID}`, "hook", "unknown", undefined],
    ["subagent", {}, `agent:main:subagent:${SESSION_ID}`, "subagent", "unknown", undefined],
    ["feishu", {}, substitute, "unknown", "feishu", undefined],
    ["bare", {}, substitute, "unknown", "unknown", undefined],
    ["forged", {}, substitute, "unknown", "unknown", undefined],
  ])("%s with %j is %s", (name, rest, key, kind, channel, chatType) => {
    const derived = derive(factsOf([name, name], rest));
    expect({ key: derived.key, kind: derived.kind }).toEqual({ key, kind });
    expect({ channel: derived.entry.channel, chatType: derived.entry.chatType }).toEqual({ channel, chatType });
  });
});

test("the entry has what the rows tell, in the gateway's order and types", () => {
  const { entry, told } = derive(factsOf(["telegramTopic"]));
  const expected = {
    sessionId: SESSION_ID,
    updatedAt: STARTED_AT + 3000,
    chatType: "group",
    channel: "telegram",
    groupId: "-1002003004",
    deliveryContext: { channel: "telegram", to: "telegram:-1002003004", threadId: 7 },
    lastChannel: "telegram",
    lastTo: "telegram:-1002003004",
    lastThreadId: 7,
    sessionFile: `/home/node/agents/main/sessions/${SESSION_ID}.jsonl`,
    modelProvider: "anthropic",
    model: "example-model",
    inputTokens: 10,
    outputTokens: 5,
    totalTokens: 130,
    cacheRead: 100,
    cacheWrite: 20,
    repaired: true,
    repairedAt: new Date(NOW).toISOString(),
    repairedReason: "no entry led to this transcript",
  };
  expect(JSON.stringify(entry)).toBe(JSON.stringify(expected));
  expect(told).toEqual({
    ...{
      key: "rows",
      updatedAt: "rows",
      channel: "key",
      chatType: "key",
      model: "rows",
      counters: "rows",
      route: "rows",
    },
  });
});

test("a transcript that tells nothing gets an entry that says nothing", () => {
  const { entry, told, isSubstitute } = derive(factsOf([], { evidence: { counters: {} } }));
  expect(isSubstitute).toBe(true);
  expect(entry).toEqual({
    sessionId: SESSION_ID,
    updatedAt: STARTED_AT + 60_000,
    channel: "unknown",
    sessionFile: `/home/node/agents/main/sessions/${SESSION_ID}.jsonl`,
    model: "unknown",
    repaired: true,
    repairedAt: new Date(NOW).toISOString(),
    repairedReason: "no entry led to this transcript",
  });
  expect(Object.values(told).sort()).toEqual(["file-time", "none", "none", "none", "none", "none", "none"]);
});

test("a taken key is named, and the entry still says which place it is", () => {
  const taken = "agent:main:telegram:group:-1002003004";
  expect(derive(factsOf(["telegramGroup"]), [taken])).toMatchObject({
    key: substitute,
    isSubstitute: true,
    takenKey: taken,
    kind: "group",
    entry: { chatType: "group", channel: "telegram", groupId: "-1002003004" },
  });
});

test("an older entry of the same session gives what the rows do not show", () => {
  const saved = {
    ...{ sessionId: SESSION_ID, updatedAt: 5, totalTokens: 5, channel: "telegram", model: "m", modelProvider: "p" },
    ...{
      lastChannel: "telegram",
      lastTo: "telegram:700",
      lastAccountId: "work",
      thinkingLevel: "high",
      subject: "Kitchen",
    },
    ...{ status: "running", skillsSnapshot: {}, cliSessionIds: { x: "y" } },
  };
  const neighbours = { keys: [{ key: "agent:main:home", from: "backup" as const }], entry: saved };
  const { key, entry, told } = derive(factsOf([], { neighbours, evidence: { counters: {} } }));
  expect(key).toBe("agent:main:home");
  expect(entry).toMatchObject({
    ...{ channel: "telegram", model: "m", modelProvider: "p", lastTo: "telegram:700", lastAccountId: "work" },
    ...{ thinkingLevel: "high", subject: "Kitchen", updatedAt: STARTED_AT + 60_000 },
  });
  for (const name of ["status", "skillsSnapshot", "cliSessionIds", "totalTokens"])
    expect(entry).not.toHaveProperty(name);
  expect(told).toMatchObject({ key: "backup", route: "backup", model: "backup", channel: "backup" });
});

test("an older copy shows whose it is where the transcript does not", () => {
  const { evidence } = factsOf(["telegramGroup"]);
  expect(derive(factsOf(["bare"], { archived: evidence })).key).toBe("agent:main:telegram:group:-1002003004");
});

test("the topic stands in the file's name where the messages do not show it", () => {
  const topic = path.replace(".jsonl", "-topic-9.jsonl");
  expect(derive(factsOf(["telegramGroup"], { path: topic })).key).toBe("agent:main:telegram:group:-1002003004:topic:9");
});

test("a subagent's task tells its key and who gave it", () => {
  const neighbours = {
    keys: [{ key: "agent:main:subagent:1", from: "task" as const }],
    spawnedBy: "agent:main:main",
  };
  expect(derive(factsOf(["subagent"], { neighbours }))).toMatchObject({
    key: "agent:main:subagent:1",
    entry: { spawnedBy: "agent:main:main" },
  });
});

test.each([
  ["a row from the future", { evidence: { counters: {}, lastAt: NOW + 1e9 } }, STARTED_AT + 60_000],
  ["a file from 1970", { mtimeMs: 0 }, STARTED_AT + 3000],
])("the time is never made up: %s", (_, rest, updatedAt) => {
  expect(derive(factsOf(["bare"], rest)).entry.updatedAt).toBe(updatedAt);
});

test("without any time, or an id, there is no entry", () => {
  const evidence = { counters: {} };
  expect(deriveEntry(factsOf([], { evidence, mtimeMs: 0 }), new Set())).toBeUndefined();
  expect(deriveEntry(factsOf([], { evidence, path: "/x/-.jsonl" }), new Set())).toBeUndefined();
});
