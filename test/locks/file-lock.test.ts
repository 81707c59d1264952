import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import { nameForPath } from "../../src/disk/name-for-path.ts";
import { holdFile } from "../../src/locks/file-lock.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-file-lock-"));
  path = join(folder, "counter");
  writeFileSync(path, "0");
});
afterEach(() => rmSync(folder, { recursive: true }));

const countUp = () => {
  const next = Number(readFileSync(path, "utf8")) + 1;
  writeFileSync(path, String(next));
  return next;
};
const lockPath = () => join(folder, "locks", `${nameForPath(path)}.lock`);

test("steps come one after the other, and tell what came of them", async () => {
  const disk = openDisk();
  const all = await Promise.all(Array.from({ length: 10 }, () => holdFile(disk, folder, path, countUp)));
  expect(all.sort((one, other) => one - other)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test("a lock that is held for a moment is waited for", async () => {
  mkdirSync(lockPath(), { recursive: true });
  setTimeout(() => rmSync(lockPath(), { recursive: true }), 100);
  expect(await holdFile(openDisk(), folder, path, countUp)).toBe(1);
});

test("a lock that a killed run left is taken over, and free afterwards", async () => {
  mkdirSync(lockPath(), { recursive: true });
  const seconds = Date.now() / 1000 - 60;
  utimesSync(lockPath(), seconds, seconds);
  expect(await holdFile(openDisk(), folder, path, countUp)).toBe(1);
  const begun = performance.now();
  expect(await holdFile(openDisk(), folder, path, countUp)).toBe(2);
  expect(performance.now() - begun).toBeLessThan(400);
});

test("what a step throws comes through, and the lock is free again", async () => {
  const step = () => {
    throw new Error("no room");
  };
  await expect(holdFile(openDisk(), folder, path, step)).rejects.toThrow("no room");
  expect(await holdFile(openDisk(), folder, path, countUp)).toBe(1);
});
