import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import { checkTarget, writeCopy } from "../../src/restore/target.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-target-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function* pieces(...texts: string[]) {
  for (const text of texts) yield Buffer.from(text);
}

test("a new file is the owner's only, and nothing else stays behind", async () => {
  const path = join(folder, "copy.jsonl");
  await writeCopy(openDisk(), path, pieces("a\n", "b\n"), checkTarget(path, false, []));
  expect(readFileSync(path, "utf8")).toBe("a\nb\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["copy.jsonl"]);
});

test("a file that is there stays, unless it may be replaced", async () => {
  const path = join(folder, "copy.jsonl");
  writeFileSync(path, "mine", { mode: 0o644 });
  expect(() => checkTarget(path, false, [])).toThrow("is there already");
  await writeCopy(openDisk(), path, pieces("a\n"), checkTarget(path, true, []));
  expect(readFileSync(path, "utf8")).toBe("a\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("one that somebody makes meanwhile stays", async () => {
  const path = join(folder, "copy.jsonl");
  const replaces = checkTarget(path, false, []);
  async function* late() {
    writeFileSync(path, "mine");
    yield Buffer.from("a\n");
  }
  await expect(writeCopy(openDisk(), path, late(), replaces)).rejects.toThrow("meantime");
  expect(readFileSync(path, "utf8")).toBe("mine");
  expect(readdirSync(folder)).toEqual(["copy.jsonl"]);
});

test("of a copy that cannot be made whole nothing stays, and what it was to replace does", async () => {
  const path = join(folder, "copy.jsonl");
  writeFileSync(path, "mine");
  async function* failing() {
    yield Buffer.from("a\n");
    throw new Error("damaged");
  }
  await expect(writeCopy(openDisk(), path, failing(), checkTarget(path, true, []))).rejects.toThrow("damaged");
  expect(readFileSync(path, "utf8")).toBe("mine");
  expect(readdirSync(folder)).toEqual(["copy.jsonl"]);
});

test("only a plain file is ever replaced, and none in a home", () => {
  symlinkSync("/dev/null", join(folder, "link"));
  expect(() => checkTarget(join(folder, "link"), true, [])).toThrow("no plain file");
  expect(() => checkTarget(folder, true, [])).toThrow("no plain file");
  const home = join(folder, ".claude");
  mkdirSync(home);
  writeFileSync(join(home, "live.jsonl"), "");
  expect(() => checkTarget(join(home, "live.jsonl"), true, [{ home, isClosed: false }])).toThrow("replaces nothing");
  expect(checkTarget(join(home, "new.jsonl"), true, [{ home, isClosed: false }])).toBeUndefined();
  expect(() => checkTarget(join(home, "new.jsonl"), true, [{ home, isClosed: true }])).toThrow("nothing is written");
});

test("a folder that is not there is said, not made", () => {
  expect(() => checkTarget(join(folder, "none", "copy.jsonl"), false, [])).toThrow("no folder");
  expect(existsSync(join(folder, "none"))).toBe(false);
});
