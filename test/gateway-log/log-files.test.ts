import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { logFilesOf } from "../../src/gateway-log/log-files.ts";

let folder: string;
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "keeper-log-files-")));
  mkdirSync(join(folder, "a"));
  mkdirSync(join(folder, "b"));
  for (const name of [
    "a/gw-1.log",
    "a/gw-2.log",
    "a/gw-2.log.gz",
    "a/other.txt",
    "b/gw-3.log",
    "a/[x].log",
    "a/{y,z}.log",
    "a/gw-1xlog",
    "a/.gw-4.log",
  ])
    writeFileSync(join(folder, name), "");
  mkdirSync(join(folder, "a", "gw-dir.log"));
  symlinkSync("gw-1.log", join(folder, "a", "gw-current.log"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const namesOf = async (source: string) => (await logFilesOf(join(folder, source))).map((path) => basename(path));

test.for([
  { source: "a/gw-1.log", names: ["gw-1.log"] },
  { source: "a/gw-current.log", names: ["gw-1.log"] },
  { source: "a/none.log", names: ["none.log"] },
  { source: "a/gw-*.log", names: ["gw-1.log", "gw-2.log"] },
  { source: "a/gw-*.log*", names: ["gw-1.log", "gw-2.log"] },
  { source: "a/gw-?.log", names: ["gw-1.log", "gw-2.log"] },
  { source: "a/gw-{1,7}.log", names: ["gw-1.log"] },
  { source: "a/gw-[12].log", names: ["gw-1.log", "gw-2.log"] },
  { source: "*/gw-?.log", names: ["gw-1.log", "gw-2.log", "gw-3.log"] },
  { source: "**/gw-3.log", names: ["gw-3.log"] },
  { source: "a/[x].log", names: ["[x].log"] },
  { source: "a/{y,z}.log", names: ["{y,z}.log"] },
  { source: "a/none-*.log", names: [] },
  { source: "none/*.log", names: [] },
])("$source means $names", async ({ source, names }) => {
  expect(await namesOf(source)).toEqual(names);
});

test("stars in the name alone find the same files as the package for globs", async () => {
  const { default: glob } = await import("fast-glob");
  for (const source of ["a/*", "a/*.log", "a/g*w*.log", "a/?gw-*", "a/gw-1.log*"]) {
    const theirs = (await glob(join(folder, source), { absolute: true, dot: true })).filter(
      (path) => !path.endsWith(".gz"),
    );
    expect(await logFilesOf(join(folder, source)), source).toEqual(
      [...new Set(theirs.map((path) => realpathSync(path)))].sort(),
    );
  }
});
