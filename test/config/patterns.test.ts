import { array, assert, constantFrom, property } from "fast-check";
import { expect, test } from "vitest";
import { refusePattern } from "../../src/config/patterns.ts";

test.for([
  "rate limit",
  "^\\[agent\\] .* failed: \\d+",
  "(?:first|second)+ failure",
  "(\\d{3}-)+x",
  "[(+*]+[)+]+x",
  "\\(a+\\)+",
  "(?<=id=)\\w+ (?<name>\\w+)",
  "(?:ab?)+c",
  "(a+){1}b",
  "a{2,}b{3}",
  "x".repeat(500),
])("%j is accepted", (pattern) => {
  expect(refusePattern(pattern)).toBeUndefined();
});

test.for([
  "(a+)+x",
  "(\\w*,)*x",
  "(a{1,9}b)+",
  "(?:a{2,})*x",
  "((ab)+c)+",
  "((a+))+x",
  "(x|[a-z]+){2,}",
  "(?<n>a+)+?x",
  "(a+){10}",
])("%j is refused: it may take exponential time", (pattern) => {
  expect(refusePattern(pattern)).toContain("without a repetition inside a repeated group");
});

test.for(["(", "[a", "a{2,1}", "*a", "(?<n>a)(?<n>b)"])("%j is refused: it does not compile", (pattern) => {
  expect(refusePattern(pattern)).toBe("expected a valid regular expression");
});

test.for(["", ".*", "x|", "a?"])("%j is refused: it matches every line", (pattern) => {
  expect(refusePattern(pattern)).toContain("does not match every line");
});

test("a pattern above 500 characters is refused", () => {
  expect(refusePattern("x".repeat(501))).toContain("at most 500 characters");
});

test("whatever is accepted compiles, and the check itself ends", () => {
  const pieces = array(
    constantFrom("(", ")", "(?:", "[", "]", "a", "+", "*", "{2,3}", "{", "|", "\\", "\\(", "?", "^"),
  );
  assert(
    property(pieces, (parts) => {
      const pattern = parts.join("");
      if (refusePattern(pattern) === undefined) expect(() => new RegExp(pattern)).not.toThrow();
    }),
  );
});
