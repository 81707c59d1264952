import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { schemaNumberOf } from "../../src/installation/sqlite-schema.ts";
import { databaseOf, type Frame, logOf } from "../support/sqlite.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-sqlite-"));
  path = join(folder, "agent.sqlite");
  writeFileSync(path, databaseOf(1));
});
afterEach(() => rmSync(folder, { recursive: true }));

const log = (frames: Frame[], header: Parameters<typeof logOf>[1] = {}) =>
  writeFileSync(`${path}-wal`, logOf(frames, header));

test("the number of a database stands in its header", () => {
  expect(schemaNumberOf(path)).toBe(1);
  writeFileSync(path, databaseOf(19));
  expect(schemaNumberOf(path)).toBe(19);
  writeFileSync(`${path}-wal`, "");
  expect(schemaNumberOf(path)).toBe(19);
  writeFileSync(path, "short");
  expect(schemaNumberOf(path)).toBe(0);
});

describe("of what stands in the log beside it", () => {
  const cases: [string, Frame[], number][] = [
    ["a first page that was committed counts", [{ page: 1, schema: 19, commits: true }], 19],
    [
      "one that a later page commits",
      [
        { page: 1, schema: 19 },
        { page: 7, commits: true },
      ],
      19,
    ],
    [
      "one that nothing commits does not",
      [
        { page: 2, commits: true },
        { page: 1, schema: 19 },
      ],
      1,
    ],
    ["other pages do not", [{ page: 2, schema: 19, commits: true }], 1],
    ["what an earlier log has left does not", [{ page: 1, schema: 19, commits: true, salts: [1, 2] }], 1],
    [
      "the last one does",
      [
        { page: 1, schema: 4, commits: true },
        { page: 1, schema: 19, commits: true },
        { page: 1, schema: 20 },
      ],
      19,
    ],
  ];
  test.each(cases)("%s", (_, frames, expected) => {
    for (const header of [{}, { order: "LE" as const, pageBytes: 512 }, { pageBytes: 65_536 }]) {
      log(frames, header);
      expect(schemaNumberOf(path)).toBe(expected);
    }
  });

  test("a frame that is cut off does not count", () => {
    log([{ page: 1, schema: 19, commits: true }]);
    truncateSync(`${path}-wal`, 2000);
    expect(schemaNumberOf(path)).toBe(1);
  });
});

test("a log that is none of SQLite's, or is not whole, tells nothing", () => {
  const bytes = logOf([{ page: 1, schema: 1, commits: true }]);
  for (const at of [0, 3, 8, 11, 16, 20, 24, 31]) {
    const garbled = Buffer.from(bytes);
    garbled[at] = (garbled[at] ?? 0) ^ 0xff;
    writeFileSync(`${path}-wal`, garbled);
    expect(schemaNumberOf(path)).toBeUndefined();
  }
  for (const text of ["x", "\0".repeat(4096)]) {
    writeFileSync(`${path}-wal`, text);
    expect(schemaNumberOf(path)).toBeUndefined();
  }
});

test("a log of more pages than any has is not read", () => {
  log([{ page: 1, schema: 1, commits: true }], { pageBytes: 512 });
  truncateSync(`${path}-wal`, 2 ** 30);
  expect(schemaNumberOf(path)).toBeUndefined();
});
