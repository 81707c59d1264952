import { expect, test } from "vitest";
import { wrap } from "../../src/report/wrap.ts";

test.for([
  { width: 14, lines: ["- one two", "  three four"] },
  { width: 12, lines: ["- one two", "  three four"] },
  { width: 11, lines: ["- one two", "  three", "  four"] },
  { width: 1, lines: ["- one", "  two", "  three", "  four"] },
])("no line is longer than $width", ({ width, lines }) => {
  expect(wrap("- ", "one two three four", width)).toEqual(lines);
});

test("a word longer than a line stays whole", () => {
  expect(wrap("", "at /home/jarvis/.openclaw now", 10)).toEqual(["at", "/home/jarvis/.openclaw", "now"]);
});

test("colours take no room", () => {
  const red = "\u001b[31merror\u001b[39m";
  expect(wrap(`${red} `, "a b", 9)).toEqual([`${red} a b`]);
});
