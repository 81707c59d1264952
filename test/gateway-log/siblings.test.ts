import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listSiblings } from "../../src/gateway-log/siblings.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-siblings-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

test.for([
  { name: "gw.log.1", isGeneration: true },
  { name: "gw.log.12", isGeneration: true },
  { name: "gw.log.1.gz", isGeneration: true },
  { name: "gw.log-20261120", isGeneration: true },
  { name: "gw.log-20261120-1770000000.gz", isGeneration: true },
  { name: "gw.log.2026-11-20T13:33:16Z", isGeneration: true },
  { name: "gw.log.old", isGeneration: true },
  { name: "gw.log.gz", isGeneration: true },
  { name: "gw.1.log", isGeneration: true },
  { name: "gw-20261120.log", isGeneration: true },
  { name: "gw-2026-11-20.log.gz", isGeneration: true },
  { name: "gw-2.log", isGeneration: false },
  { name: "gw.err.log", isGeneration: false },
  { name: "gwen.log", isGeneration: false },
  { name: "gw.log.lock", isGeneration: false },
])("$name beside gw.log: a part of it $isGeneration", async ({ name, isGeneration }) => {
  const own = mkdtempSync(join(folder, "x-"));
  writeFileSync(join(own, name), "");
  const siblings = await listSiblings(join(own, "gw.log"));
  expect(siblings).toMatchObject([{ path: join(own, name), isGeneration, isGzip: name.endsWith(".gz") }]);
});

test("the last written comes first; folders, links, other names and unfinished gzip files are left out", async () => {
  const own = mkdtempSync(join(folder, "y-"));
  for (const [index, name] of ["gw.log.2", "gw.log.1", "gw.log.3"].entries()) {
    writeFileSync(join(own, name), "");
    utimesSync(join(own, name), 1000 + index, 1000 + index);
  }
  for (const name of ["gw.log", "gw.log.3.gz", "other.log"]) writeFileSync(join(own, name), "");
  mkdirSync(join(own, "gw.log.4"));
  symlinkSync("other.log", join(own, "gw.log.5"));
  const siblings = await listSiblings(join(own, "gw.log"));
  expect(siblings.map(({ path }) => basename(path))).toEqual(["gw.log.3", "gw.log.1", "gw.log.2"]);
});

test("a folder that is gone has none", async () => {
  expect(await listSiblings(join(folder, "gone", "gw.log"))).toEqual([]);
});
