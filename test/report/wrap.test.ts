import { expect, test } from "vitest";
import { commandsIn, fold, hanging, keptWhole, wrap } from "../../src/report/wrap.ts";

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

test("a command of ours is not broken, up to where the sentence goes on", () => {
  const text = "run session-keeper rotate --session 4f1d --strategy digest --force, or reset it";
  expect(wrap("", text, 20)).toEqual([
    "run",
    "session-keeper rotate --session 4f1d --strategy digest --force,",
    "or reset it",
  ]);
  expect(commandsIn(`${text}; session-keeper explain stale-lock tells more`)).toEqual([
    "session-keeper rotate --session 4f1d --strategy digest --force",
    "session-keeper explain stale-lock",
  ]);
});

test.for([
  {
    line: "    found  one two three four five six",
    width: 28,
    lines: ["    found  one two three", "      four five six"],
  },
  {
    line: `${hanging("    found  ")}one two three four five six`,
    width: 32,
    lines: ["    found  one two three four", "           five six"],
  },
  { line: `  ${keptWhole("/a folder/with blanks/in it")}`, width: 10, lines: ["  /a folder/with blanks/in it"] },
  { line: `${hanging("    found  ")}one two three`, width: undefined, lines: ["    found  one two three"] },
])("a line is folded: $lines", ({ line, width, lines }) => {
  expect(fold(line, width)).toEqual(lines);
});
