import type { Random } from "./random.ts";
import { skimmedPaths } from "./skim.ts";

/** Makes lines as no program writes them: rows full of traps, about half of them damaged. Each character is a byte. */
export function createRowSoup(random: Random): () => string {
  const { chance, integer, pick } = random;

  const padding = () => pick(["x", "ab ", " ", "\\n", "\\\\", '\\"', "\\u0020", "\\u00a0", "é", "\u3000", "日", "🦞"]);
  const long = () => pick(["", "", " ", "a"]) + padding().repeat(integer(1, 210)) + pick(["", "z"]);
  const string = () => (chance(0.2) ? long() : Array.from({ length: integer(0, 3) }, () => pick(pieces)).join(""));
  const space = () => (chance(0.1) ? pick([" ", "\t", "\r", "  "]) : "");
  const name = () => (chance(0.6) ? pick(keptNames) : pick(otherNames));
  const number = () => (chance(0.1) ? `${integer(1, 9)}`.repeat(integer(190, 210)) : pick(numbers));

  const value = (depth: number): string => {
    if (depth > 0 && chance(0.35)) return object(depth);
    if (depth > 0 && chance(0.3)) return `[${list(() => space() + value(depth - 1) + space())}]`;
    if (chance(0.3)) return chance(0.5) ? number() : pick(words);
    return `"${string()}"`;
  };
  const object = (depth: number): string =>
    `{${list(() => `${space()}"${name()}"${space()}:${space()}${value(depth - 1)}${space()}`)}}`;
  const list = (item: () => string) => Array.from({ length: integer(0, 5) }, item).join(",");

  const damage = (line: string): string => {
    const at = integer(0, line.length);
    const to = at + (chance(0.2) ? line.length : integer(0, 3));
    return line.slice(0, at) + pick(intruders) + line.slice(to);
  };

  return () => {
    const row = chance(0.9) ? object(integer(1, 5)) : pick([value(2), "", " \t\r", "\ufeff{}", "{}{}", "null"]);
    // Characters beyond ASCII become their bytes, where `damage` may tear them apart.
    const bytes = Buffer.from(space() + row + pick(["", "", " ", "\r"])).toString("latin1");
    const damaged = chance(0.4) ? damage(bytes) : bytes;
    return (chance(0.1) ? damage(damaged) : damaged).replaceAll("\n", "");
  };
}

const keptNames = [...new Set(skimmedPaths.flatMap((path) => path.match(/[^.[\]]+/g) ?? []))];

const pieces = [
  "a",
  "user",
  "tool_use",
  "text",
  " ",
  "\\n",
  "\\t",
  "\\\\",
  '\\"',
  "\\/",
  "\\b\\f\\r",
  "\\u0041",
  "\\uD83E\\udd9e",
  "\\ud83e",
  "\\udd9e",
  "\\ud83e\\ud83e\\udd9e",
  "\\uDBFF\\uDFFF",
  "\\ud7ff\\ue000",
  "\\ud83e\\\\udd9e",
  "é",
  "日本",
  "🦞",
  "\u00a0",
  "\u2028",
  "\u3000",
  "\ufeff",
  "\x7f",
  "{[,:]}",
];

const otherNames = [
  "",
  "input",
  "data",
  "toolUseResult",
  "typ",
  "types",
  "ids",
  "Type",
  "__proto__",
  "é",
  '\\"',
  "\\u0069d",
  "x".repeat(47),
  "x".repeat(48),
  `${"x".repeat(47)}\\"`,
  `${"x".repeat(48)}\\"`,
  `${"x".repeat(49)}\\"`,
  "long name ".repeat(30),
];

const numbers = [
  "0",
  "-0",
  "7",
  "-12",
  "3.25",
  "0.0",
  "1e9",
  "1E+9",
  "2e-7",
  "-0.5E01",
  "123456789012345678901",
  "1e999",
];

const words = ["true", "false", "null"];

/** What a damaged line has in place of some of its bytes. */
const intruders = [
  "",
  "",
  '"',
  "\\",
  "\\x",
  "\\u12g4",
  "{",
  "}",
  "[",
  "]",
  ",",
  ":",
  "0",
  "-",
  "+",
  ".",
  "e",
  "E",
  "t",
  "tru",
  "nulL",
  "\0",
  "\0\0\0\0",
  "\x01",
  "\x1f",
  "\x7f",
  "\f",
  "\xa0",
  "\xc3",
  "\xff",
  "\xed\xa0\x80",
  '"a":1,',
  ',"b"',
];
