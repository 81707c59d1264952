import fc from "fast-check";
import { expect, test } from "vitest";
import { mentionsAny, namesIn } from "../../src/registry/names.ts";

const ID = "6f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11";

test("an id is found wherever it stands, whatever stands around it", () => {
  const value = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom('"', "\\", "\n", 'a"b', "\\\\", "x\\"));
  fc.assert(
    fc.property(fc.array(value), fc.array(value), fc.constantFrom(undefined, 2), (before, after, space) => {
      for (const named of [ID, `/home/ada/${ID}`, `C:\\sessions\\${ID}`]) {
        const text = JSON.stringify({ a: [...before, { [before.join()]: named }, ...after] }, null, space);
        expect([...namesIn(text)]).toContain(ID);
        expect(mentionsAny(text, new Set([ID]))).toBe(true);
      }
      expect(mentionsAny(JSON.stringify([before, after], null, space), new Set([ID]))).toBe(false);
    }),
  );
});

test("damage before it does not hide an id", () => {
  expect([...namesIn(`{"a": "broken off, "sessionId": "${ID}"`)]).toContain(ID);
});
