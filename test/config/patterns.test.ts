import { array, assert, constantFrom, letrec, oneof, property, tuple } from "fast-check";
import { expect, test } from "vitest";
import { refusePattern } from "../../src/config/patterns.ts";
import { customSignature } from "../../src/gateway-log/signatures.ts";

const inSeveralWays = "without a repeated group that can take the same text in several ways";
const inARow = "without repetitions in a row that can take the same characters";

/** Processor time that the pattern takes to find out whether it matches, in milliseconds: a busy machine adds nothing. */
function measure(pattern: string, line: string): number {
  const signature = customSignature({ name: "own", pattern, severity: "info" });
  return spentOn(() => signature.matches(line));
}

function spentOn(work: () => void): number {
  const before = process.cpuUsage();
  work();
  return process.cpuUsage(before).user / 1000;
}

test.for([
  { pattern: "rate limit", repeated: "rate " },
  { pattern: "^\\[agent\\] .* failed: \\d+", repeated: "[agent]  failed: " },
  { pattern: "(?:first|second)+ failure", repeated: "firstsecond" },
  { pattern: "(\\d{3}-)+x", repeated: "123-" },
  { pattern: "[(+*]+[)]+x", repeated: "(+*" },
  { pattern: "\\(a+\\)+", repeated: "(a" },
  { pattern: "(?<=id=)\\w+ (?<name>\\w+)", repeated: "id=a" },
  { pattern: "(?:ab?)+c", repeated: "ab" },
  { pattern: "(a+){1}b", repeated: "a" },
  { pattern: "a{2,}b{3}", repeated: "a" },
  { pattern: "x".repeat(500), repeated: "x".repeat(499) },
  { pattern: "(a|ab)*c", repeated: "ab" },
  { pattern: "(\\w*,)*x", repeated: "a," },
  { pattern: "(\\w*,)*x", repeated: "," },
  { pattern: "(a{1,9}b)+x", repeated: "aab" },
  { pattern: "((ab)+c)+x", repeated: "ababc" },
  { pattern: "(?:\\d{1,3}\\.){3}\\d{1,3}", repeated: "1." },
  { pattern: "(?:[0-9a-f]{4}-?){8}x", repeated: "0123-4567" },
  { pattern: "\\b(?:ERROR|FATAL)\\b.*session", repeated: "ERROR FATAL " },
  { pattern: "error.*failed.*timeout", repeated: "error failed " },
  { pattern: ".*error.*failed", repeated: "error " },
  { pattern: "\\w+Error: lost", repeated: "a" },
  { pattern: "(?:\\w+\\s)?failed", repeated: "a" },
  { pattern: "\\w+\\s+\\w+x", repeated: "a " },
  { pattern: "took \\d+\\.?\\d*s", repeated: "took 1" },
  { pattern: '"(?:[^"\\\\]|\\\\.)*"x', repeated: '\\"' },
  { pattern: "(['\"]).*?\\1x", repeated: '"' },
  { pattern: "(?:\\r?\\n|x)+y", repeated: "x" },
  { pattern: "(?:, ?\\w)+x", repeated: ", a" },
  { pattern: "(?=.*a)(?=.*b)c", repeated: "a" },
  { pattern: "(?:a|b)+(?:c|d)+x", repeated: "ac" },
  { pattern: "(?:=é|=[à-è])+x", repeated: "=é" },
  { pattern: "(?:[^\\]]\\]|[\\]][^x])+y", repeated: "a]" },
  { pattern: "x.{0,80}.{0,80}y", repeated: "x" },
  { pattern: "^\\d+\\d*x", repeated: "1" },
  { pattern: "a{b}{,2}]}x", repeated: "a" },
])("$pattern is accepted, and 64 KB of $repeated take it no time", ({ pattern, repeated }) => {
  expect(refusePattern(pattern)).toBeUndefined();
  expect(measure(pattern, repeated.repeat(Math.ceil(65_536 / repeated.length)))).toBeLessThan(5000);
});

test.for([
  "(a+)+x",
  "(?:a{2,})*x",
  "((a+))+x",
  "(x|[a-z]+){2,}",
  "(?<n>a+)+?x",
  "(a+){10}",
  "(a|a)*b",
  "(\\w|\\d)+x",
  "(a|ab|b)*c",
  "(?:aa?)+c",
  "(a{2}|a{3})+b",
  "(?:a{1,2})+b",
  "(a?){25}b",
  "(|a)+b",
  "(?:x(?:a?|b?))+y",
  "(?:x(?:a?)?)+y",
  "(?:.|\\s)*x",
  "(?:a|(?:b|a))+c",
  "((?:ab){2}|abab)+c",
  "(?:a|\\x61)+b",
  "(?:a|\\u0061)+b",
  "(?:a|\\141)+b",
  "(?:\\x01|\\01)+b",
  "(?:é|[à-ü])+x",
  "(?:\\s|\\u3000)+x",
  "(?:[^\\u0000-\\u0400\\u0600-\\uffff]|[^\\u0000-\\u0500\\u0600-\\uffff])+x",
  "(?:[\\]a]|\\])+x",
  "(\\w)(?:\\1|a)+x",
  "(?=(a|a)+b)c",
  "(?:\\w{1,9} ?)+x",
])("%j is refused: it may take exponential time", (pattern) => {
  expect(refusePattern(pattern)).toContain(inSeveralWays);
});

test.for([
  "[(+*]+[)+]+x",
  "\\d+\\d*x",
  ".*.*=x",
  "^a*a*a*b",
  "x\\w*\\d*\\w*y",
  "\\S+@\\S+x",
  "(?:a*b?a*)c",
  "(?:(?=.*x)a)+b",
  `${"a?".repeat(30)}b`,
  `${"(?:a|[ab])".repeat(30)}c`,
])("%j is refused: a line of one character may take minutes", (pattern) => {
  expect(refusePattern(pattern)).toContain(inARow);
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

test("the longest patterns are checked in no time", () => {
  const check = () => {
    for (const piece of ["[^x]?", "\\w", "(a|b)", "(?:a{9}){9}", ".{0,200}", "a|", "(", "(?:", "[a-z]{500}"]) {
      const many = piece.repeat(Math.floor(480 / piece.length));
      for (const pattern of [many, `(?:${many}y)+x`, `(?:(?:${many}y){99}z){99}x`]) refusePattern(pattern);
    }
  };
  expect(spentOn(check)).toBeLessThan(2000);
});

test("what is accepted fails fast on lines that repeat whatever word", () => {
  const { pattern: patterns } = letrec<{ pattern: string }>((tie) => ({
    pattern: oneof(
      { depthSize: "medium", withCrossShrink: true },
      constantFrom("a", "b", "[ab]", "."),
      tuple(tie("pattern"), tie("pattern")).map((parts) => parts.join("")),
      tuple(tie("pattern"), tie("pattern")).map((parts) => `(?:${parts.join("|")})`),
      tuple(tie("pattern"), constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}")).map(
        ([part, sign]) => `(?:${part})${sign}`,
      ),
    ),
  }));
  const words = [1, 2, 3, 4, 5].flatMap((length) =>
    Array.from({ length: 2 ** length }, (_, bits) =>
      bits.toString(2).padStart(length, "0").replaceAll("0", "a").replaceAll("1", "b"),
    ),
  );
  let accepted = 0;
  assert(
    property(patterns, (part) => {
      const pattern = `^(?:${part})!`;
      if (refusePattern(pattern) !== undefined) return;
      accepted++;
      for (const word of words) {
        // Longer and longer, so that a pattern that explodes is seen before it does.
        for (let length = 8; length <= 96; length += 8) {
          const line = word.repeat(Math.ceil(length / word.length));
          expect(Math.min(measure(pattern, line), measure(pattern, line)), `${pattern} ${line}`).toBeLessThan(30);
        }
      }
    }),
    { numRuns: 120 },
  );
  expect(accepted).toBeGreaterThan(20);
});
