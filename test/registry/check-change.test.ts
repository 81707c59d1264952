import { describe, expect, it } from "vitest";
import { checkChange } from "../../src/registry/check-change.ts";

const before = '{"a":1,"b":12345678901234567890,"c":{"x":1,"y":2}}';
const change = {
  remove: new Set(["a"]),
  insert: new Map([["d", "4"]]),
  within: new Map([["c", { remove: new Set(["x"]) }]]),
};

describe("checkChange", () => {
  it("agrees to exactly what was intended, however it is spaced", () => {
    expect(checkChange(before, '{ "b":12345678901234567890, "c":{"y":2}, "d":4 }', change)).toBe(true);
    expect(checkChange(before, before, {})).toBe(true);
  });

  it.each([
    ["a member that should have gone", '{"a":1,"b":12345678901234567890,"c":{"y":2},"d":4}'],
    ["a member that should have stayed", '{"b":12345678901234567890,"d":4}'],
    ["a member that should have come", '{"b":12345678901234567890,"c":{"y":2}}'],
    ["a member that nobody asked for", '{"b":12345678901234567890,"c":{"y":2},"d":4,"e":5}'],
    ["another order", '{"c":{"y":2},"b":12345678901234567890,"d":4}'],
    ["a number that lost its last digits", '{"b":12345678901234567000,"c":{"y":2},"d":4}'],
    ["a change inside that was not made", '{"b":12345678901234567890,"c":{"x":1,"y":2},"d":4}'],
    ["a change inside that went too far", '{"b":12345678901234567890,"c":{},"d":4}'],
    ["another value of a new member", '{"b":12345678901234567890,"c":{"y":2},"d":5}'],
    ["the same name twice", '{"b":12345678901234567890,"c":{"y":2},"c":{"y":2}}'],
  ])("objects to %s", (_, after) => {
    expect(checkChange(before, after, change)).toBe(false);
  });

  it("objects to a replaced value that is another than intended", () => {
    const replace = { replace: new Map([["a", "2"]]) };
    expect(checkChange('{"a":1}', '{"a":2}', replace)).toBe(true);
    expect(checkChange('{"a":1}', '{"a":3}', replace)).toBe(false);
    expect(checkChange('{"a":1}', '{"a":1}', replace)).toBe(false);
  });

  it("objects to repeated names, of which nobody can say what stands there", () => {
    expect(checkChange('{"a":1,"a":1}', '{"a":1,"a":1}', {})).toBe(false);
  });

  it("throws on text that is no object any more", () => {
    expect(() => checkChange('{"a":1}', '{"a":1', {})).toThrow();
  });
});
