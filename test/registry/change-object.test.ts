import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findMembers } from "../../src/json/json-text.ts";
import { applySplices, invertSplices } from "../../src/json/splice.ts";
import { changeObject, type ObjectChange } from "../../src/registry/change-object.ts";
import { type JsonNode, jsonName, jsonNode, jsonObject, jsonStyle, printJson } from "../support/json-arbitraries.ts";

const compact = (node: JsonNode) => printJson(node, { pretty: 0 });

function change(text: string, wanted: ObjectChange): string {
  const splices = changeObject(text, findMembers(text), wanted);
  const edited = applySplices(text, splices);
  expect(applySplices(edited, invertSplices(splices))).toBe(text);
  return edited;
}

/** An object, some of its names to remove, values for others, and new members. */
const changes = fc
  .tuple(
    jsonObject,
    fc.array(fc.constantFrom("keep", "keep", "remove", "replace"), { minLength: 6 }),
    jsonNode,
    fc.array(fc.tuple(jsonName, jsonNode), { maxLength: 2 }),
  )
  .map(([node, fates, value, candidates]) => {
    const names = node.object.map(([name]) => name);
    const added = new Map(candidates.filter(([name]) => !names.includes(name)));
    const wanted = {
      remove: new Set(names.filter((_, index) => fates[index] === "remove")),
      replace: new Map(names.filter((_, index) => fates[index] === "replace").map((name) => [name, compact(value)])),
      insert: new Map([...added].map(([name, item]) => [name, compact(item)])),
    };
    const result: JsonNode = {
      object: [
        ...node.object
          .filter(([name]) => !wanted.remove.has(name))
          .map(([name, item]): [string, JsonNode] => [name, wanted.replace.has(name) ? value : item]),
        ...added,
      ],
    };
    return { node, wanted, result };
  });

describe("changeObject", () => {
  it("removes, replaces and inserts as the same change of the parsed value would", () => {
    fc.assert(
      fc.property(changes, jsonStyle, ({ node, wanted, result }, style) => {
        const edited = change(printJson(node, style), wanted);
        expect(JSON.parse(edited)).toEqual(JSON.parse(compact(result)));
        expect(findMembers(edited).members.map(({ name }) => name)).toEqual(result.object.map(([name]) => name));
      }),
      { numRuns: 1000 },
    );
  });

  it("leaves pretty text as pretty and compact text as compact as if it had been printed anew", () => {
    const unchangedValues = changes.filter(
      ({ wanted }) => wanted.replace.size === 0 && [...wanted.insert.values()].every((value) => !/[[{]./.test(value)),
    );
    fc.assert(
      fc.property(unchangedValues, fc.constantFrom(0, 2, 4), ({ node, wanted, result }, pretty) => {
        // An empty object doesn't tell how it would be printed; what surrounds it does.
        const inside = (object: JsonNode): JsonNode => ({
          object: [
            ["x", { raw: "1" }],
            ["entry", object],
          ],
        });
        const text = printJson(inside(node), { pretty });
        const edited = change(text, { within: new Map([["entry", wanted]]) });
        expect(edited).toBe(printJson(inside(result), { pretty }));
      }),
      { numRuns: 500 },
    );
  });

  it("keeps every character around a removed member", () => {
    fc.assert(
      fc.property(jsonObject, jsonStyle, fc.nat(), (node, style, pick) => {
        const text = printJson(node, style);
        const object = findMembers(text);
        const { members } = object;
        fc.pre(members.length > 0);
        const index = pick % members.length;
        const edited = change(text, { remove: new Set([members[index]?.name ?? ""]) });
        const before = text.slice(0, members[index - 1]?.valueEnd ?? object.at + 1);
        const after = text.slice(members[index + 1]?.nameAt ?? object.end - 1);
        expect(edited.startsWith(before)).toBe(true);
        expect(edited.endsWith(after)).toBe(true);
        const between = edited.slice(before.length, edited.length - after.length);
        expect(between).toMatch(/^\s*,?\s*$/);
      }),
    );
  });

  it("keeps every character around a replaced value and before an inserted member", () => {
    fc.assert(
      fc.property(jsonObject, jsonStyle, fc.nat(), (node, style, pick) => {
        const text = printJson(node, style);
        const { members } = findMembers(text);
        const member = members[pick % Math.max(members.length, 1)];
        const last = members.at(-1);
        fc.pre(member !== undefined && last !== undefined && !members.some(({ name }) => name === "new"));
        const replaced = change(text, { replace: new Map([[member?.name ?? "", '"other"']]) });
        expect(replaced).toBe(`${text.slice(0, member?.valueAt)}"other"${text.slice(member?.valueEnd)}`);
        const inserted = change(text, { insert: new Map([["new", "1"]]) });
        expect(inserted.startsWith(text.slice(0, last?.valueEnd))).toBe(true);
        expect(inserted.endsWith(text.slice(last?.valueEnd))).toBe(true);
      }),
    );
  });

  it.each([
    ["{}", '{"new":1}'],
    ["{ }", '{"new":1}'],
    ["{\n  }", '{\n  "new": 1\n}'],
    ['{"a": 1}', '{"a": 1,"new": 1}'],
    ['{"a": 1, "b": 2}', '{"a": 1, "b": 2, "new": 1}'],
    ['{\n\t"a": 1\n}\n', '{\n\t"a": 1,\n\t"new": 1\n}\n'],
    ['{ "a":1 ,\n  "b":2 }', '{ "a":1 ,\n  "b":2 ,\n  "new":1 }'],
  ])("inserts into %j as its siblings stand", (text, expected) => {
    expect(change(text, { insert: new Map([["new", "1"]]) })).toBe(expected);
  });

  it("does nothing for names that aren't there, and for values that stay the same", () => {
    const text = '{"a":1}';
    expect(changeObject(text, findMembers(text), { remove: new Set(["b"]), replace: new Map([["a", "1"]]) })).toEqual(
      [],
    );
  });

  it("keeps numbers of twenty digits", () => {
    expect(change('{"a":12345678901234567890,"b":1}', { remove: new Set(["b"]) })).toBe('{"a":12345678901234567890}');
  });
});
