import fc from "fast-check";
import { expect, test } from "vitest";
import { KeeperError } from "../../src/errors.ts";
import { findMembers } from "../../src/json/json-text.ts";
import { applySplices, invertSplices } from "../../src/json/splice.ts";
import { dropCounters } from "../../src/registry/drop-counters.ts";
import { jsonName, jsonObject, jsonStyle, printJson } from "../support/json-arbitraries.ts";

const key = "agent:main:telegram:group:-1001234";
const COUNTERS = ["totalTokens", "inputTokens", "outputTokens", "totalTokensFresh", "cacheRead", "cacheWrite"];
const registry = (entry: unknown) =>
  JSON.stringify({ "agent:main:main": { sessionId: "m", totalTokens: 9 }, [key]: entry }, null, 2);
const kept = {
  sessionId: "s",
  updatedAt: 1_770_640_000_000,
  sessionFile: "/home/u/.openclaw/agents/main/sessions/s.jsonl",
  contextTokens: 200_000,
  compactionCount: 2,
  cliSessionIds: { codex: "d" },
};

test("what counts tokens of rows that are gone goes, and nothing else", () => {
  const counters = { inputTokens: 1, outputTokens: 2, totalTokens: 3, totalTokensFresh: true, cacheRead: 4 };
  const before = registry({ cacheWrite: 5, ...kept, ...counters });
  const edit = dropCounters(before, key, "s");
  expect(edit.text).toBe(registry(kept));
  expect(edit.changed).toBe(true);
  expect(applySplices(edit.text, invertSplices(edit.splices))).toBe(before);
});

test("nothing changes in an entry that counts nothing, moved on to another session, or is gone", () => {
  for (const [text, id] of [
    [registry(kept), "s"],
    [registry({ ...kept, totalTokens: 3 }), "older"],
    [registry(undefined), "s"],
  ] as const)
    expect(dropCounters(text, key, id)).toEqual({ text, splices: [], changed: false });
  expect(dropCounters(registry({ totalTokens: 3 }), key).text).toBe(registry({}));
});

test("an entry with repeated names is refused", () => {
  expect(() => dropCounters('{"k":{"totalTokens":1,"totalTokens":2}}', "k")).toThrow(KeeperError);
});

test("every other field stays, to the character, and so does every other entry", () => {
  const held = fc.uniqueArray(fc.constantFrom(...COUNTERS));
  const isExact = fc.property(
    jsonObject,
    jsonObject,
    held,
    jsonName,
    jsonStyle,
    (other, neighbour, names, name, style) => {
      const counted = names.map((field): [string, { raw: string }] => [field, { raw: "1" }]);
      const object = { object: [...counted.slice(1), ...other.object, ...counted.slice(0, 1)] };
      const before = printJson(
        {
          object: [
            [`${name}2`, neighbour],
            [name, object],
            [`${name}3`, neighbour],
          ],
        },
        style,
      );
      const { text, splices } = dropCounters(before, name);
      expect(applySplices(text, invertSplices(splices))).toBe(before);
      const [was, is] = [spans(before), spans(text)];
      for (const side of [`${name}2`, `${name}3`]) expect(is.get(side)).toBe(was.get(side));
      const fields = [...spans(was.get(name) ?? "")].filter(([field]) => !COUNTERS.includes(field));
      expect([...spans(is.get(name) ?? "")]).toEqual(fields);
    },
  );
  fc.assert(isExact);
});

function spans(text: string): Map<string, string> {
  return new Map(findMembers(text).members.map(({ name, valueAt, valueEnd }) => [name, text.slice(valueAt, valueEnd)]));
}
