import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applySplices, invertSplices, type Splice, SpliceMismatchError } from "../../src/json/splice.ts";

/** A text, splices that fit it, and the text that they make of it, put together in another way. */
const edited = fc
  .array(fc.record({ keep: fc.string(), remove: fc.string(), insert: fc.string() }), { maxLength: 6 })
  .map((pieces) => {
    let text = "";
    let result = "";
    const splices: Splice[] = [];
    for (const { keep, remove, insert } of pieces) {
      splices.push({ at: text.length + keep.length, remove, insert });
      text += keep + remove;
      result += keep + insert;
    }
    return { text: `${text}end`, result: `${result}end`, splices };
  });

describe("splices", () => {
  it("put each insertion in the place of what they remove", () => {
    fc.assert(
      fc.property(edited, ({ text, result, splices }) => {
        expect(applySplices(text, splices)).toBe(result);
      }),
    );
  });

  it("inverted, give back the text before, character by character", () => {
    fc.assert(
      fc.property(edited, ({ text, result, splices }) => {
        expect(applySplices(result, invertSplices(splices))).toBe(text);
        expect(invertSplices(invertSplices(splices))).toEqual(splices);
      }),
    );
  });

  it.each([
    ["other text at the place", "abcdef", [{ at: 2, remove: "xy", insert: "" }]],
    ["a text that ends before", "abc", [{ at: 2, remove: "cd", insert: "" }]],
    ["a place behind the end", "abc", [{ at: 4, remove: "", insert: "x" }]],
    [
      "overlapping splices",
      "abcdef",
      [
        { at: 0, remove: "abc", insert: "" },
        { at: 2, remove: "cd", insert: "" },
      ],
    ],
  ])("refuse %s", (_, text, splices) => {
    expect(() => applySplices(text, splices)).toThrow(SpliceMismatchError);
  });
});
