import { assert, property, string } from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearest } from "../../src/config/nearest.ts";

test.for([
  ["maxsize", "maxSize"],
  ["restartTimout", "restartTimeout"],
  ["maxRestart", "maxRestarts"],
  ["zzz", "per"],
] as const)("the word nearest to %s is %s", ([word, expected]) => {
  expect(nearest(word, ["per", "maxSize", "maxRestarts", "restartTimeout"])).toBe(expected);
});

test("without words none is nearest", () => {
  expect(nearest("a", [])).toBeUndefined();
});

test("the distance counts letters added, dropped, replaced, and half for another case", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("maxsize", "maxSize")).toBe(0.5);
});

test("the distance is the same both ways, and zero only between equal words", () => {
  assert(
    property(string(), string(), (left, right) => {
      expect(editDistance(left, right)).toBe(editDistance(right, left));
      expect(editDistance(left, right) === 0).toBe(left === right);
    }),
  );
});
