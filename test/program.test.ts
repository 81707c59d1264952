import { describe, expect, test } from "vitest";
import { commands } from "../src/commands/index.ts";
import { parseCommandLine } from "../src/program.ts";

/** Every command and every verb, as words. */
const all = commands.flatMap(({ name, verbs = [] }) => [[name], ...verbs.map((verb) => [name, verb.name])]);

describe("help", () => {
  test.for([80, 40])("has no line longer than %i columns, but for commands, which stay in one piece", (columns) => {
    for (const words of [[], ...all]) {
      const lines = helpOf([...words, "--help"], columns).split("\n");
      expect(
        lines.filter((line) => line.length > columns && !/^(?: {2}|Usage: ).*session-keeper \S/.test(line)),
      ).toEqual([]);
    }
  });

  test("ends with examples that are understood", () => {
    for (const words of all) {
      const text =
        helpOf([...words, "--help"], 80)
          .split("Examples:\n")[1]
          ?.split("\n\n")[0] ?? "";
      const typed = [
        ...text.matchAll(/(?<!\/)session-keeper ((?:'[^']*'|[^|>)'\n])*?)(?: {2,}.*)?(?= [|>]|\)|$)/gm),
      ].map(([, line = ""]) => line);
      expect(typed.length, words.join(" ")).toBeGreaterThan(0);
      for (const line of typed) expect(() => parseCommandLine(wordsOf(line), "0"), line).not.toThrow();
    }
  });

  test("tells the exit codes, and which options are those of every command", () => {
    const text = helpOf(["rotate", "--help"], 80);
    expect(text).toMatch(/Exit codes:\n {2}0 {6}healthy/);
    expect(text.indexOf("--strategy")).toBeLessThan(text.indexOf("Options of every command:"));
    expect(text.indexOf("--json")).toBeGreaterThan(text.indexOf("Options of every command:"));
  });

  test("is asked for as people do", () => {
    expect(helpOf(["help"], 80)).toBe(helpOf(["--help"], 80));
    for (const words of all) expect(helpOf(["help", ...words], 80)).toBe(helpOf([...words, "--help"], 80));
  });
});

test.for([
  [["rotat"], "rotate"],
  [["rotat", "--help"], "rotate"],
  [["help", "rotat"], "rotate"],
  [["restore", "lst"], "list"],
  [["help", "restore", "lst"], "list"],
  [["rotate", "--max-siz", "3MB"], "--max-size"],
] as const)("%j is a mistake, and the right word is told", ([argv, meant]) => {
  expect(() => parseCommandLine(argv, "0")).toThrow(`Did you mean ${meant}?`);
});

test("no command at all gets the list of them, as a mistake", () => {
  expect(parseCommandLine([], "0")).toMatchObject({ exitCode: 2, toStderr: true });
});

function helpOf(argv: readonly string[], columns: number): string {
  const invocation = parseCommandLine(argv, "0", columns);
  if (!("text" in invocation)) throw new Error("this is no help");
  expect([invocation.exitCode, invocation.toStderr]).toEqual([0, false]);
  return invocation.text;
}

function wordsOf(line: string): string[] {
  return (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", ""));
}
