import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readConfiguration } from "../../src/config/read.ts";
import { put, scratchSurroundings } from "../support/surroundings.ts";

const uid = process.getuid?.() ?? 0;

function write(...texts: string[]): string[] {
  const { root } = scratchSurroundings();
  return texts.map((text, index) => put(join(root, `${index}.json5`), text));
}

test("later files are merged over earlier ones, object by object; lists are replaced", () => {
  const files = write(
    '{ installations: { a: {} }, rotate: { maxSize: "3MB", quietFor: "1m" }, notify: { on: ["failure", "repair"] } }',
    '{ installations: { b: {} }, rotate: { maxSize: "4MB" }, notify: { on: ["corruption"] } }',
  );
  const { installations, rotate, notify } = readConfiguration(files, uid);
  expect(Object.keys(installations)).toEqual(["a", "b"]);
  expect(rotate).toMatchObject({ maxSize: 4_000_000, quietFor: 60_000, hardLimit: 20_000_000 });
  expect(notify.on).toEqual(["corruption"]);
});

test("the same installation in two files is an error that names both", () => {
  const files = write("{ installations: { a: {}, x: {} } }", "{ installations: { b: {}, x: {} } }");
  expect(() => readConfiguration(files, uid)).toThrow(
    `${files[1]}: installations.x: expected another name, ${files[0]} has this one too`,
  );
});

test("the problems of all files are told, one a line, each with its file", () => {
  const files = write('{ rotate: { maxSize: "2mbb", strateg: 1 } }', '{ locks: { minAge: "1" } }');
  expect(() => readConfiguration(files, uid)).toThrow(
    expect.objectContaining({
      code: "config",
      message: expect.stringMatching(
        new RegExp(
          `^${files[0]}: rotate\\.maxSize: .*\n${files[0]}: rotate\\.strateg: .*\n${files[1]}: locks\\.minAge: .*$`,
        ),
      ),
    }),
  );
});

test.for([
  ["{\n  rotate: {\n    maxSize; 1\n", "line 3, column 12"],
  ["", "line 1, column 1"],
  ["{ rotate: {} ", "line 1, column 14"],
] as const)("a slip of syntax is told by line and column: %j", ([text, place]) => {
  const [file = ""] = write(text);
  expect(() => readConfiguration([file], uid)).toThrow(`${file}: ${place}: not valid JSON5: invalid`);
});

test("comments, trailing commas and bare keys are fine", () => {
  const files = write("// mine\n{ rotate: { maxSize: '3MB', /* later */ }, }");
  expect(readConfiguration(files, uid).rotate.maxSize).toBe(3_000_000);
});

test("a folder, a pipe, a link that leads nowhere and a giant are errors that name the file", () => {
  const { root } = scratchSurroundings();
  const folder = join(root, "folder");
  mkdirSync(folder);
  const pipe = join(root, "pipe");
  execFileSync("mkfifo", [pipe]);
  const link = join(root, "link");
  symlinkSync("gone", link);
  const giant = put(join(root, "giant"), " ".repeat(1_000_001));
  for (const [file, reason] of [
    [folder, "not a regular file"],
    [pipe, "not a regular file"],
    [link, "ENOENT"],
    [giant, "larger than 1000000 bytes"],
  ] as const) {
    expect(() => readConfiguration([file], uid)).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringMatching(new RegExp(`^${file}: .*${reason}`)) }),
    );
  }
});
