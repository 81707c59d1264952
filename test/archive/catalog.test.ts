import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  appendToCatalog,
  type CatalogRecord,
  catalogPathOf,
  readCatalog,
  recordNamed,
  recordsOf,
  recordsOfLineage,
} from "../../src/archive/catalog.ts";
import { openDisk } from "../../src/disk/disk.ts";
import { recordOf } from "../support/records.ts";

const disk = openDisk();
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-catalog-"));
  path = catalogPathOf(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const add = (record: CatalogRecord) => appendToCatalog(disk, folder, record);
const pruned = (archive: string) =>
  appendToCatalog(disk, folder, { pruned: archive, at: "2026-03-01T00:00:00.000Z", runId: "run" });
const names = (records: readonly CatalogRecord[]) => records.map(({ archive }) => archive);
const lineOf = (record: CatalogRecord) => `${JSON.stringify(record)}\n`;

describe("a catalog is read", () => {
  test("as its records, of which the last line counts, without those that were let go", () => {
    const [one, two, three] = [1, 2, 3].map((segment) => recordOf({ segment })) as [
      CatalogRecord,
      CatalogRecord,
      CatalogRecord,
    ];
    expect(readCatalog(folder)).toEqual([]);
    for (const record of [one, two, three]) add(record);
    add({ ...one, next: two.archive });
    pruned(two.archive);
    expect(readCatalog(folder)).toEqual([{ ...one, next: two.archive }, three]);
    expect(recordNamed(folder, one.archive)?.next).toBe(two.archive);
    expect(recordNamed(folder, two.archive)).toBeUndefined();
    expect(names(recordsOf(folder, one.source))).toEqual(names([one, three]));
    add(two);
    expect(recordNamed(folder, two.archive)).toEqual(two);
  });

  test("by transcript, and by session or registry key", () => {
    const one = recordOf({ sessionId: "a", sessionKey: "agent:main:main" });
    const two = recordOf({ sessionId: "b", sessionKey: "agent:main:main" });
    const three = recordOf({ sessionId: "c" });
    for (const record of [one, two, three]) add(record);
    expect(names(recordsOf(folder, two.source))).toEqual([two.archive]);
    expect(names(recordsOfLineage(folder, { sessionId: "b" }))).toEqual([two.archive]);
    expect(names(recordsOfLineage(folder, { sessionId: "b", sessionKey: "agent:main:main" }))).toEqual(
      names([one, two]),
    );
    add({ ...one, sessionKey: "agent:main:other" });
    expect(names(recordsOfLineage(folder, { sessionId: "b", sessionKey: "agent:main:main" }))).toEqual([two.archive]);
    expect(recordsOf(folder, "/elsewhere")).toEqual([]);
  });

  test("with every line that another process adds, also when it has come only half", () => {
    const [one, two] = [recordOf({ segment: 1 }), recordOf({ segment: 2 })];
    add(one);
    expect(names(readCatalog(folder))).toEqual([one.archive]);
    const text = lineOf(two);
    appendFileSync(path, text.slice(0, 50));
    expect(names(readCatalog(folder))).toEqual([one.archive]);
    appendFileSync(path, text.slice(50, -1));
    expect(names(readCatalog(folder))).toEqual(names([one, two]));
    appendFileSync(path, "\n");
    expect(readCatalog(folder)).toEqual([one, two]);
  });

  test("anew when another file took its name, also one of the same number, size and time", () => {
    const [one, two] = [recordOf({ sessionId: "a" }), recordOf({ sessionId: "b" })];
    add(one);
    const { mtime } = statSync(path);
    expect(names(readCatalog(folder))).toEqual([one.archive]);
    writeFileSync(`${path}.new`, lineOf(two));
    utimesSync(`${path}.new`, mtime, mtime);
    renameSync(`${path}.new`, path);
    expect(names(readCatalog(folder))).toEqual([two.archive]);
    writeFileSync(path, lineOf(one) + lineOf(recordOf({ sessionId: "c" }))); // longer, the same file, another beginning
    expect(readCatalog(folder).map(({ sessionId }) => sessionId)).toEqual(["a", "c"]);
    rmSync(path);
    expect(readCatalog(folder)).toEqual([]);
  });

  test("without what is no record, however it is broken", () => {
    const [one, two] = [recordOf({ segment: 1 }), recordOf({ segment: 2 })];
    add(one);
    appendFileSync(path, `\0\0\0\nnull\n7\n[]\n{"archive":5}\n{"archive":"x"}\n\n{"kind":"new"}\n{"arch`);
    add(two);
    expect(readCatalog(folder)).toEqual([one, two]);
    expect(readFileSync(path, "utf8")).toContain(`{"arch\n${lineOf(two)}`);
  });

  test("in pieces just as at once", () => {
    const line = fc.oneof(
      fc
        .record({ archive: fc.constantFrom("a", "b", "ä"), source: fc.constantFrom("/s", "/t") })
        .map(({ archive, source }) => lineOf(recordOf({ archive, source }))),
      fc.constantFrom("a", "b").map((name) => `${JSON.stringify({ pruned: name })}\n`),
      fc.constantFrom("\n", "{\n", "\0\n", '"ü"\n'),
    );
    fc.assert(
      fc.property(fc.array(line), fc.array(fc.nat(400)), (lines, steps) => {
        const [whole, other] = [mkdtempSync(join(folder, "a-")), mkdtempSync(join(folder, "b-"))];
        const text = Buffer.from(lines.join(""));
        writeFileSync(catalogPathOf(whole), text);
        writeFileSync(catalogPathOf(other), "");
        let at = 0;
        for (const step of [...steps, text.length]) {
          appendFileSync(catalogPathOf(other), text.subarray(at, at + step));
          at += step;
          readCatalog(other);
        }
        expect(readCatalog(other)).toEqual(readCatalog(whole));
        for (const source of ["/s", "/t"]) expect(recordsOf(other, source)).toEqual(recordsOf(whole, source));
      }),
      { numRuns: 60 },
    );
  });
});

test("a line that went into a file which is no longer the catalog is added again", () => {
  const [one, two] = [recordOf({ segment: 1 }), recordOf({ segment: 2 })];
  add(one);
  let isFirst = true;
  const raced = {
    ...disk,
    append(...args: Parameters<typeof disk.append>) {
      const written = disk.append(...args);
      if (isFirst) {
        writeFileSync(`${path}.new`, lineOf(one));
        renameSync(`${path}.new`, path);
      }
      isFirst = false;
      return written;
    },
  };
  appendToCatalog(raced, folder, two);
  expect(readCatalog(folder)).toEqual([one, two]);
});
