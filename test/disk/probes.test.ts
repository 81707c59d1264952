import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isStillThere, type Probes, takeProbes } from "../../src/disk/probes.ts";

const BYTES = 300_000;

let folder: string;
let file: number;
let probes: Probes;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "probes-"));
  writeFileSync(join(folder, "t"), Buffer.alloc(BYTES, "a line of a file\n"));
  file = openSync(join(folder, "t"), "r+");
  probes = takeProbes(file, BYTES);
});
afterEach(() => {
  closeSync(file);
  rmSync(folder, { recursive: true });
});

test("what is only added behind changes nothing", () => {
  expect(isStillThere(file, probes)).toBe(true);
  writeSync(file, "more", BYTES);
  expect(isStillThere(file, probes)).toBe(true);
});

test.for([
  ["at its head", 0],
  ["in its middle", BYTES / 2 + 4095],
  ["at its end", BYTES - 1],
  ["where Claude Code takes rows back", BYTES - 64 * 1024],
] as const)("a file in which another byte stands %s is not the same", ([, at]) => {
  writeSync(file, "X", at);
  expect(isStillThere(file, probes)).toBe(false);
});

test("a file that is shorter is not the same, also where it holds as much again", () => {
  ftruncateSync(file, BYTES - 5000);
  expect(isStillThere(file, probes)).toBe(false);
  writeSync(file, Buffer.alloc(9000, "rows that were written anew\n"), 0, 9000, BYTES - 5000);
  expect(isStillThere(file, probes)).toBe(false);
});

test("a place of the caller's own is looked at instead of the middle", () => {
  const own = takeProbes(file, BYTES, 20_000);
  writeSync(file, "X", 20_000);
  expect([isStillThere(file, own), isStillThere(file, probes)]).toEqual([false, true]);
});

test("an empty file is there as long as it is a file", () => {
  ftruncateSync(file, 0);
  const none = takeProbes(file, 0);
  writeSync(file, "a first line\n");
  expect(isStillThere(file, none)).toBe(true);
});
