import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findMembers, hasRepeatedNames, isObjectAt, JsonTextError } from "../../src/json/json-text.ts";
import { jsonNode, jsonObject, jsonStyle, printJson } from "../support/json-arbitraries.ts";

/** What findMembers makes of a text: accepted, or refused in the one way it may refuse. */
function accepts(text: string): boolean {
  try {
    findMembers(text);
    return true;
  } catch (error) {
    if (error instanceof JsonTextError) return false;
    throw error;
  }
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

describe("findMembers", () => {
  it("finds every member with its name and its value, in the order of the text", () => {
    fc.assert(
      fc.property(jsonObject, jsonStyle, (node, style) => {
        const text = printJson(node, style);
        const { members, at, end } = findMembers(text);
        expect(text.slice(at, end)).toBe(text.trim());
        expect(members.map(({ name }) => name)).toEqual(node.object.map(([name]) => name));
        const parsed = new Map(Object.entries(JSON.parse(text) as object));
        for (const { name, nameAt, nameEnd, valueAt, valueEnd } of members) {
          expect(JSON.parse(text.slice(nameAt, nameEnd))).toBe(name);
          expect(JSON.parse(text.slice(valueAt, valueEnd))).toEqual(parsed.get(name));
          expect(text.slice(valueAt, valueEnd)).toBe(text.slice(valueAt, valueEnd).trim());
        }
      }),
    );
  });

  it("accepts exactly the objects that JSON.parse accepts", () => {
    const damaged = fc
      .tuple(jsonNode, jsonStyle, fc.nat(), fc.nat(3), fc.string({ unit: "binary", maxLength: 3 }))
      .map(([node, style, at, removed, put]) => {
        const text = printJson(node, style);
        const cut = at % (text.length + 1);
        return text.slice(0, cut) + put + text.slice(cut + removed);
      });
    fc.assert(
      fc.property(damaged, (text) => {
        expect(accepts(text)).toBe(isJsonObject(text));
      }),
      { numRuns: 3000 },
    );
  });

  it("refuses garbage with a JsonTextError and with nothing else", () => {
    const tokens = [
      "{",
      "}",
      "[",
      "]",
      '"',
      ":",
      ",",
      "\\",
      "\\u",
      "1",
      "-",
      ".",
      "e",
      "true",
      "nul",
      " ",
      "\n",
      "\0",
      "{}",
    ];
    const garbage = fc.oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.array(fc.constantFrom(...tokens), { maxLength: 25 }).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(garbage, (text) => {
        expect(accepts(text)).toBe(isJsonObject(text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['{"a":01}'],
    ['{"a":+1}'],
    ['{"a":1.}'],
    ['{"a":.5}'],
    ['{"a":1e}'],
    ['{"a":-}'],
    ['{"a":tru}'],
    ['{"a":truee}'],
    ['{"a":NaN}'],
    ['{"a":"\t"}'],
    ['{"a":"\\x"}'],
    ['{"a":"\\u12g4"}'],
    ['{"a":"\\u12"}'],
    ['{"a":"'],
    ['{"a":"\\'],
    ['{"a":1,}'],
    ['{,"a":1}'],
    ['{"a" 1}'],
    ["{a:1}"],
    ["{'a':1}"],
    ['{"a":[1,]}'],
    ['{"a":[1}]}'],
    ['{"a":{"b":1]}'],
    ['{"a":1}}'],
    ['{"a":1} x'],
    ["{"],
    [""],
    ["[]"],
    ["1"],
    ["\ufeff{}"],
    ["{}\u00a0"],
    ["{} // x"],
    ['{"a":[}'],
    ['{"a":{"b"}}'],
  ])("refuses %s", (text) => {
    expect(isJsonObject(text)).toBe(false);
    expect(accepts(text)).toBe(false);
  });

  it("finds an object that begins in the middle of a text, whatever follows it", () => {
    const text = 'x{"a":{"b":1},"c":2}]]';
    const { members, end } = findMembers(text, 1);
    expect(end).toBe(20);
    expect(findMembers(text, members[0]?.valueAt).members.map(({ name }) => name)).toEqual(["b"]);
    expect(isObjectAt(text, members[0]?.valueAt ?? 0)).toBe(true);
    expect(isObjectAt(text, members[1]?.valueAt ?? 0)).toBe(false);
  });

  it("names the place of the damage and nothing of the text", () => {
    expect(() => findMembers('{"secret": "told" "twice"}')).toThrow(new JsonTextError(18));
    expect(new JsonTextError(18).message).not.toMatch(/secret|told/);
  });

  it("lists repeated names, also when they are spelt differently", () => {
    const object = findMembers('{"a":1,"\\u0061":2}');
    expect(object.members.map(({ name }) => name)).toEqual(["a", "a"]);
    expect(hasRepeatedNames(object)).toBe(true);
    expect(hasRepeatedNames(findMembers('{"__proto__":1,"a":{"a":1}}'))).toBe(false);
  });

  it("passes values nested 100,000 deep", () => {
    const depth = 100_000;
    const arrays = `${"[".repeat(depth)}1${"]".repeat(depth)}`;
    const objects = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    expect(findMembers(`{"a":${arrays},"b":${objects}}`).members.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(accepts(`{"a":${arrays.slice(0, -1)}}`)).toBe(false);
  });
});
