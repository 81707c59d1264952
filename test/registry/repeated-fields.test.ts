import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { settleRepeatedFields } from "../../src/registry/repeated-fields.ts";
import { jsonNode, jsonStyle, printJson } from "../support/json-arbitraries.ts";

const name = fc.constantFrom("a", "b", "__proto__", "7", "cliSessionIds", "cliSessionBindings");
const members = fc.array(fc.tuple(name, jsonNode), { maxLength: 6 });

describe("settleRepeatedFields", () => {
  it("changes nothing for a reader, and leaves each name once", () => {
    fc.assert(
      fc.property(members, members, jsonStyle, (entry, bindings, style) => {
        const text = printJson({ object: [...entry, ["cliSessionIds", { object: bindings }]] }, style).trim();
        const { json, dropped } = settleRepeatedFields(text);
        expect(JSON.parse(json)).toEqual(JSON.parse(text));
        expect(settleRepeatedFields(json)).toEqual({ json, dropped: 0 });
        if (dropped === 0) expect(json).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it("takes away the earlier ones with their commas, and no other character", () => {
    expect(settleRepeatedFields('{ "a" : 1 , "b":2,\n "a": 12345678901234567890 }')).toEqual({
      json: '{ "b":2,\n "a": 12345678901234567890 }',
      dropped: 1,
    });
    expect(settleRepeatedFields('{"cliSessionIds":{"x":"1","x":"2"},"o":{"x":1,"x":2}}')).toEqual({
      json: '{"cliSessionIds":{"x":"2"},"o":{"x":1,"x":2}}',
      dropped: 1,
    });
  });

  it("leaves what is no object alone", () => {
    for (const json of ["[]", "1", '"{}"', "null"]) expect(settleRepeatedFields(json)).toEqual({ json, dropped: 0 });
  });
});
