import fc from "fast-check";
import { expect, test } from "vitest";
import type { RegistryUndo, RemovedEntryUndo } from "../../src/apply/undo-data.ts";
import { hashOfText } from "../../src/apply/write-registry.ts";
import { findMembers } from "../../src/json/json-text.ts";
import { joined, putEntryBack, standingIn, takeApart } from "../../src/undo/entries.ts";

const removed = (key: string, value: string, place: Partial<RemovedEntryUndo> = {}): RemovedEntryUndo => ({
  ...{ registry: "/r.json", sessionKey: key, member: `${JSON.stringify(key)}: ${value}` },
  ...{ next: null, gap: ",\n  ", before: hashOfText(value), ...place },
});
const changed = (key: string, before: string, after: string): RegistryUndo => ({
  ...{ registry: "/r.json", sessionKey: key, at: 7, splices: [{ at: 7, remove: before, insert: after }] },
  ...{ before: hashOfText(before), after: hashOfText(after) },
});

test.each(["{}", " { } ", '{"a":1}', '\n{ "a" : {"b":[1, 2]},"a":2 ,\n"c":3}\n'])(
  "a text that is taken apart comes together as it was: %j",
  (text) => {
    expect(joined(takeApart(text))).toBe(text);
  },
);

test("an entry comes back before the one that it stood before, as the last, or as the only one", () => {
  const back = (text: string, ...undoes: RemovedEntryUndo[]) => {
    const entries = takeApart(text);
    for (const undo of undoes) expect(putEntryBack(entries, undo)).toBeUndefined();
    return joined(entries);
  };
  expect(back('{"b":2}', removed("a", "1", { next: "b", gap: "," }))).toBe('{"a": 1,"b":2}');
  expect(back('{"b":2 }', removed("c", "3", { gap: " , " }))).toBe('{"b":2,  "c": 3 }');
  expect(back("{}", removed("a", "1", { gap: "\n  " }))).toBe('{\n  "a": 1\n}');
  expect(back("{}", removed("c", "3", { gap: "" }), removed("a", "1", { next: "c", gap: "," }))).toBe(
    '{"a": 1,"c": 3}',
  );
  expect(back('{"x":1}', removed("a", "1", { next: "gone", gap: "," }))).toBe('{"x":1,"a": 1}');
});

test("any entries that went one after the other come back to the very text", () => {
  const names = fc.uniqueArray(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(names, fc.array(fc.nat(), { maxLength: 9 }), fc.constantFrom(0, 2), (keys, picks, indent) => {
      const text = JSON.stringify(Object.fromEntries(keys.map((key, at) => [key, { at }])), null, indent);
      const undoes: RemovedEntryUndo[] = [];
      let now = text;
      for (const pick of picks) {
        const { members } = findMembers(now);
        const at = members.length < 2 ? -1 : pick % (members.length - 1); // the last one stays
        const [own, next] = [members[at], members[at + 1]];
        if (!own || !next) continue;
        const value = now.slice(own.valueAt, own.valueEnd);
        const place = { member: now.slice(own.nameAt, own.valueEnd), gap: now.slice(own.valueEnd, next.nameAt) };
        undoes.unshift(removed(own.name, value, { ...place, next: next.name }));
        now = now.slice(0, own.nameAt) + now.slice(next.nameAt);
      }
      const entries = takeApart(now);
      for (const undo of undoes) {
        expect(standingIn(entries, undo).state).toBe("ready");
        expect(putEntryBack(entries, undo)).toBeUndefined();
        expect(standingIn(entries, undo).state).toBe("restored");
      }
      expect(joined(entries)).toBe(text);
    }),
  );
});

test("an entry that was changed is ready only as the run left it; of repeated names the last counts", () => {
  const undo = changed("a", '"x"', '"y"');
  const entries = takeApart('{"a":"z","a":"y"}');
  expect(standingIn(entries, undo).state).toBe("ready");
  expect(putEntryBack(entries, undo)).toBeUndefined();
  expect(joined(entries)).toBe('{"a":"z","a":"x"}');
  expect(standingIn(entries, undo).state).toBe("restored");
  expect(standingIn(takeApart('{"a":"z"}'), undo).state).toBe("blocked");
  expect(standingIn(takeApart("{}"), undo).state).toBe("blocked");
  expect(putEntryBack(takeApart('{"a":"z"}'), undo)).toMatch(/changed since/);
});

test.each([
  ["another name", { member: '"b": 1' }],
  ["another value", { member: '"a": 2' }],
  ["two entries", { member: '"a": 1, "b": 1' }],
  ["what is no JSON", { member: '"a": ' }],
])("a journal that holds %s is not put into a registry", (_, place) => {
  const entries = takeApart('{"z":0}');
  expect(putEntryBack(entries, removed("a", "1", place))).toMatch(/the journal/);
  expect(joined(entries)).toBe('{"z":0}');
});
