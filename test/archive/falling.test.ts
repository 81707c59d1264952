import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findFalling } from "../../src/archive/falling.ts";
import { addArchive } from "../support/archives.ts";

const keep = { last: 1, within: 0, daily: 0, weekly: 0, monthly: 0, maxBytes: 1e12 };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-falling-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const three = () =>
  [1, 2, 3].map((segment) =>
    addArchive(folder, "line\n", { sessionId: "s", source: "/s.jsonl", command: "archive", segment }),
  );
const find = () => {
  const { falling, gone, archives } = findFalling(folder, keep, Date.now());
  return { falling: falling.map(({ record }) => record.segment), gone: gone.map(({ segment }) => segment), archives };
};

test("all but the newest fall", () => {
  three();
  expect(find()).toEqual({ falling: [1, 2], gone: [], archives: 3 });
});

test("an archive that is gone takes nobody's place, and its record only goes if a rule would let it go", () => {
  const [first, , newest] = three().map(({ archive }) => join(folder, archive));
  rmSync(newest ?? "");
  expect(find()).toEqual({ falling: [1], gone: [], archives: 2 });
  rmSync(first ?? "");
  expect(find()).toEqual({ falling: [], gone: [1], archives: 1 });
});

test("the record of one that is gone stays as long as there is what lay beside", () => {
  const sidecars = { archive: "beside.sidecars.tar.gz", gzipBytes: 1, sha256: "", files: 1, bytes: 1 };
  const options = { sessionId: "s", source: "/s.jsonl", command: "archive" };
  const { archive } = addArchive(folder, "line\n", { ...options, sidecars });
  addArchive(folder, "line\n", { ...options, segment: 2 });
  rmSync(join(folder, archive));
  const beside = join(folder, sidecars.archive);
  mkdirSync(dirname(beside), { recursive: true });
  writeFileSync(beside, "x");
  expect(find().gone).toEqual([]);
  rmSync(beside);
  expect(find().gone).toEqual([1]);
});
