import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeeperError } from "../../src/errors.ts";
import { findMembers } from "../../src/json/json-text.ts";
import { applySplices, invertSplices } from "../../src/json/splice.ts";
import { freshStart } from "../../src/registry/fresh-start.ts";
import { jsonName, jsonObject, jsonStyle, printJson } from "../support/json-arbitraries.ts";

const now = 1_770_700_000_000;
const key = "agent:main:telegram:group:-1001234";
const registry = (entry: unknown) =>
  JSON.stringify({ [key]: entry, "agent:main:main": { sessionId: "m", totalTokens: 9 } }, null, 2);

describe("freshStart", () => {
  it("leaves of an entry what /reset leaves: who talks to whom, how, and with which model", () => {
    const before = registry({
      sessionId: "old",
      updatedAt: 1_770_640_000_000,
      sessionFile: "/home/u/.openclaw/agents/main/sessions/old-topic-5.jsonl",
      systemSent: true,
      abortedLastRun: true,
      sessionStartedAt: 1_770_000_000_000,
      lastInteractionAt: 1_770_630_000_000,
      chatType: "group",
      channel: "telegram",
      groupId: "-1001234",
      origin: { provider: "telegram", from: "telegram:group:-1001234" },
      deliveryContext: { channel: "telegram", to: "telegram:-1001234" },
      route: { to: "x" },
      lastTo: "telegram:-1001234",
      label: "Ops",
      thinkingLevel: "high",
      verboseLevel: "off",
      providerOverride: "anthropic",
      modelOverride: "claude-example",
      modelOverrideSource: "user",
      authProfileOverride: "work",
      authProfileOverrideSource: "user",
      authProfileOverrideCompactionCount: 2,
      modelProvider: "anthropic",
      model: "claude-example",
      contextTokens: 200_000,
      inputTokens: 1200,
      outputTokens: 300,
      totalTokens: 41_000,
      totalTokensFresh: true,
      cacheRead: 1,
      cacheWrite: 2,
      estimatedCostUsd: 0.5,
      compactionCount: 2,
      compactionCheckpoints: [{ preCompaction: { sessionFile: "old.checkpoint.1.jsonl" } }],
      memoryFlushAt: 1,
      memoryFlushCompactionCount: 2,
      memoryFlushContextHash: "h",
      cliSessionBindings: { "claude-cli": { sessionId: "c" } },
      cliSessionIds: { "claude-cli": "c", codex: "d" },
      claudeCliSessionId: "c",
      status: "running",
      startedAt: 1,
      endedAt: 2,
      runtimeMs: 1,
      systemPromptReport: { source: "run" },
      spawnedBy: "agent:main:main",
      pinnedAt: 5,
      pendingFinalDelivery: true,
      somethingNew: { deep: [1] },
    });
    const after = registry({
      sessionId: "new",
      updatedAt: now,
      systemSent: false,
      abortedLastRun: false,
      sessionStartedAt: now,
      lastInteractionAt: 1_770_630_000_000,
      chatType: "group",
      channel: "telegram",
      groupId: "-1001234",
      origin: { provider: "telegram", from: "telegram:group:-1001234" },
      deliveryContext: { channel: "telegram", to: "telegram:-1001234" },
      route: { to: "x" },
      lastTo: "telegram:-1001234",
      label: "Ops",
      thinkingLevel: "high",
      verboseLevel: "off",
      providerOverride: "anthropic",
      modelOverride: "claude-example",
      modelOverrideSource: "user",
      authProfileOverride: "work",
      authProfileOverrideSource: "user",
      modelProvider: "anthropic",
      model: "claude-example",
      contextTokens: 200_000,
      compactionCheckpoints: [{ preCompaction: { sessionFile: "old.checkpoint.1.jsonl" } }],
      spawnedBy: "agent:main:main",
      pinnedAt: 5,
      pendingFinalDelivery: true,
      somethingNew: { deep: [1] },
    });
    const edit = freshStart(before, key, "new", now);
    expect(edit.text).toBe(after);
    expect(edit.changed).toBe(true);
    expect(applySplices(edit.text, invertSplices(edit.splices))).toBe(before);
  });

  it("drops a stand-in model and profile that the gateway chose by itself", () => {
    const fallback = { modelOverrideFallbackOriginProvider: "p", modelOverrideFallbackOriginModel: "m" };
    for (const chosen of [
      {
        providerOverride: "a",
        modelOverride: "b",
        modelOverrideSource: "auto",
        ...fallback,
        model: "b",
        modelProvider: "a",
        contextTokens: 5,
      },
      { providerOverride: "a", modelOverride: "b", ...fallback },
      { authProfileOverride: "x", authProfileOverrideSource: "auto", authProfileOverrideCompactionCount: 1 },
      { authProfileOverride: "x", authProfileOverrideCompactionCount: 1 },
    ]) {
      const edit = freshStart(
        registry({ sessionId: "old", updatedAt: 1, ...chosen, thinkingLevel: "low" }),
        key,
        "new",
        now,
      );
      expect(edit.text).toBe(registry({ sessionId: "new", updatedAt: now, thinkingLevel: "low", systemSent: false }));
    }
  });

  it("keeps a model and a profile without a source, as old versions write them", () => {
    const chosen = { providerOverride: "a", modelOverride: "b", authProfileOverride: "x" };
    const edit = freshStart(registry({ sessionId: "old", updatedAt: 1, ...chosen }), key, "new", now);
    expect(edit.text).toBe(registry({ sessionId: "new", updatedAt: now, ...chosen, systemSent: false }));
  });

  it("adds the id and the time to an entry that has none", () => {
    expect(freshStart(registry({ channel: "telegram" }), key, "new", now).text).toBe(
      registry({ channel: "telegram", sessionId: "new", updatedAt: now, systemSent: false }),
    );
    expect(freshStart(registry({}), key, "new", now).text).toBe(
      registry({ sessionId: "new", updatedAt: now, systemSent: false }),
    );
  });

  it("changes nothing when the entry isn't there, or has moved on to another session", () => {
    const text = registry({ sessionId: "newer" });
    expect(freshStart(text, "agent:main:gone", "new", now)).toEqual({ text, splices: [], changed: false });
    expect(freshStart(text, key, "new", now, "old").changed).toBe(false);
    expect(freshStart(text, key, "new", now, "newer").changed).toBe(true);
  });

  it("refuses an entry with repeated names", () => {
    expect(() => freshStart('{"k":{"sessionId":"a","sessionId":"b"}}', "k", "new", now)).toThrow(KeeperError);
  });

  it("keeps every field that it doesn't know, to the character, and every other entry", () => {
    const known = fc.constantFrom(
      "sessionId",
      "updatedAt",
      "sessionFile",
      "totalTokens",
      "cliSessionIds",
      "systemSent",
      "status",
    );
    fc.assert(
      fc.property(
        jsonObject,
        jsonObject,
        fc.array(known),
        jsonName,
        jsonStyle,
        (unknown, neighbour, extra, name, style) => {
          const object = [
            ...unknown.object,
            ...[...new Set(extra)].map((field): [string, { raw: string }] => [field, { raw: "1" }]),
          ];
          const before = printJson(
            {
              object: [
                [`${name}2`, neighbour],
                [name, { object }],
                [`${name}3`, neighbour],
              ],
            },
            style,
          );
          const { text, splices } = freshStart(before, name, "new", now);
          expect(applySplices(text, invertSplices(splices))).toBe(before);
          const was = spans(before);
          const is = spans(text);
          expect([...is.keys()]).toEqual([...was.keys()]);
          for (const side of [`${name}2`, `${name}3`]) expect(is.get(side)).toBe(was.get(side));
          const fieldsBefore = spans(was.get(name) ?? "");
          const fields = spans(is.get(name) ?? "");
          for (const [field] of unknown.object) expect(fields.get(field)).toBe(fieldsBefore.get(field));
          expect(fields.get("sessionId")).toBe('"new"');
          expect(fields.get("updatedAt")).toBe(String(now));
          expect(fields.has("sessionFile") || fields.has("totalTokens") || fields.has("cliSessionIds")).toBe(false);
        },
      ),
    );
  });
});

function spans(text: string): Map<string, string> {
  return new Map(findMembers(text).members.map(({ name, valueAt, valueEnd }) => [name, text.slice(valueAt, valueEnd)]));
}
