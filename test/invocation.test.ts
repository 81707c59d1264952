import fc from "fast-check";
import { expect, test } from "vitest";
import { readUsualCommandLine } from "../src/invocation.ts";
import { parseCommandLine } from "../src/program.ts";

const pieces = [
  ["--cron"],
  ["-n"],
  ["--dry-run"],
  ["--json"],
  ["-v"],
  ["-c", "/etc/x.json5"],
  ["-i", "jarvis"],
  ["--installation", "ross"],
  ["--gateway-log", "journal:x.service"],
  ["--max-size", "3MB"],
  ["--strategy", "empty"],
  ["--session", "abc"],
  ["--color", "never"],
  ["--wait", "30s"],
  ["--state-dir", "/s"],
];

test("what the quick reader understands, it understands as commander does", () => {
  fc.assert(
    fc.property(fc.subarray(pieces), (chosen) => {
      const argv = ["rotate", ...chosen.flat()];
      expect(readUsualCommandLine(argv)).toEqual(parseCommandLine(argv, "1"));
    }),
  );
});

test.for([
  [[]],
  [["--help"]],
  [["rotate", "--help"]],
  [["rotate", "--bogus"]],
  [["rotate", "stray"]],
  [["rotate", "--strategy", "wipe"]],
  [["rotate", "--session"]],
  [["rotate", "--session", "--json"]],
  [["rotate", "--max-size=3MB"]],
  [["nothing"]],
])("the command line %j is left to commander", ([argv]) => {
  expect(readUsualCommandLine(argv ?? [])).toBeUndefined();
});

test("a bad duration is the same error either way", () => {
  const argv = ["rotate", "--wait", "5 parsecs"];
  expect(() => readUsualCommandLine(argv)).toThrow("--wait");
  expect(() => parseCommandLine(argv, "1")).toThrow("--wait");
});
