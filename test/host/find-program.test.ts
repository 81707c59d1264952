import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findProgram } from "../../src/host/find-program.ts";
import { put, scratchSurroundings } from "../support/surroundings.ts";

test("a program is the first file of that name on the path that may be run; a word with a slash is a path", () => {
  const { root } = scratchSurroundings();
  const [a, b, c] = ["a", "b", "c"].map((name) => join(root, name)) as [string, string, string];
  put(join(a, "tool"), "", 0o644);
  mkdirSync(join(b, "tool"), { recursive: true });
  const tool = put(join(c, "tool"), "", 0o755);
  expect(findProgram("tool", [a, "", b, c].join(":"))).toBe(tool);
  expect(findProgram("tool", a)).toBeUndefined();
  expect(findProgram(tool, "")).toBe(tool);
  expect(findProgram(join(a, "tool"), c)).toBeUndefined();
});
