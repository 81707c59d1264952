import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { transformSync } from "esbuild";
import { describe, expect, test } from "vitest";
import { mayImport, throughTheProgram } from "./support/house-rules.ts";

/** What writes to a disk, or may, stays in these: nobody else can, so a dry run can't. */
const writers: Record<string, string> = {
  "disk/disk.ts": "the one place",
  "build/bundle.ts": "a step of the build; nothing of the program imports it",
  "build/compile-ahead.ts": "a step of the build; nothing of the program imports it",
  "emit-documents.ts": "a step of the build; nothing of the program imports it",
  "emit-licenses.ts": "a step of the build; nothing of the program imports it",
};
const WRITING =
  /^(?:l|f)?(?:appendFile|chmod|chown|copyFile|cp|createWriteStream|datasync|fdatasync|fsync|link|mkdir|mkdtemp|rename|rm|rmdir|symlink|truncate|unlink|utimes|write|writeFile|writev)(?:Sync)?$/;
const OPENING_TO_WRITE = /\bopen(?:Sync)?\([^;]*?(?:O_WRONLY|O_RDWR|O_CREAT|O_APPEND|O_TRUNC|"(?:[wa]x?\+?|r\+)")/;

/** Packages that write by themselves, and who may load them. The worker loads ahead what it can't read later. */
const writingPackages: Record<string, string[]> = {
  pino: ["report/run-log.ts"],
  "proper-lockfile": ["locks/run-lock.ts", "run/worker.ts"],
};

const BANNED_NAMES = /(?:^|[-./])(?:utils?|helpers?|common|managers?|services?|misc)(?=[-./]|$)/;
const LINE_LIMIT = 300;

const root = join(import.meta.dirname, "..");
/** What is compiled to WebAssembly is in another language, which has types of its own and knows nothing of the rest. */
const ASSEMBLY = "skimmer/assembly/";
const sources = listTypeScript("src").filter((file) => !file.startsWith(ASSEMBLY));

type Import = { from: string; to: string; typesOnly: boolean };
const imports = sources.flatMap(importsOf);

describe("who may import whom", () => {
  test("every folder of src is in the table, and the table names no other", () => {
    expect(new Set(sources.map(folderOf))).toEqual(new Set(Object.keys(mayImport)));
  });

  test("nothing is imported that the table does not allow", () => {
    expect(imports.filter((one) => !isAllowed(one)).map(tell)).toEqual([]);
  });

  test("no two folders need one another's code, directly or around a corner", () => {
    const needs = (folder: string) => new Set(imports.filter(isCodeAcross(folder)).map(({ to }) => folderOf(to)));
    const around = (folder: string, seen: string[]): string[][] =>
      seen.includes(folder)
        ? [[...seen, folder]]
        : [...needs(folder)].flatMap((next) => around(next, [...seen, folder]));
    expect(Object.keys(mayImport).flatMap((folder) => around(folder, []))).toEqual([]);
  });

  test("deciding is pure: the plan and routing know no files, no clock, no surroundings and no chance", () => {
    const impure = /from "node:|\bDate\.now\(|new Date\(\)|\bprocess\.|Math\.random|randomUUID/;
    expect(sources.filter((file) => ["plan", "routing"].includes(folderOf(file)) && impure.test(read(file)))).toEqual(
      [],
    );
  });
});

describe("who may write", () => {
  test("only the disk imports what writes, or opens a file to write", () => {
    expect(sources.filter(canWrite).sort()).toEqual(Object.keys(writers).sort());
  });

  test("packages that write are loaded in their place only", () => {
    for (const [name, places] of Object.entries(writingPackages)) {
      const loading = new RegExp(`(?:from|import\\()\\s*"${name}"`);
      expect(sources.filter((file) => loading.test(read(file)))).toEqual(places);
    }
  });

  test("only a run makes a disk", () => {
    const makers = sources.filter((file) => /\bopenDisk\(\)/.test(read(file)) && folderOf(file) !== "disk");
    expect(new Set(makers.map(folderOf))).toEqual(new Set(["run"]));
  });

  test("nothing of the program imports a step of the build", () => {
    expect(imports.filter(({ to }) => to.startsWith("emit-") || to.startsWith("build/"))).toEqual([]);
  });
});

describe("files", () => {
  const all = [
    ...listTypeScript("src").map((file) => `src/${file}`),
    ...listTypeScript("test").map((file) => `test/${file}`),
  ];

  test(`none is longer than ${LINE_LIMIT} lines`, () => {
    const long = all.filter((file) => readFileSync(join(root, file), "utf8").trimEnd().split("\n").length > LINE_LIMIT);
    expect(long).toEqual([]);
  });

  test("none has a name that could mean anything", () => {
    expect(all.filter((file) => BANNED_NAMES.test(file))).toEqual([]);
  });

  test("every file with code has a test of its own, or is named among those tested otherwise", () => {
    const untested = sources.filter((file) => hasCode(file) && !existsSync(testOf(file)));
    expect(untested.filter((file) => !testedOtherwise().includes(file))).toEqual([]);
  });

  test("those tested otherwise have no test of their own by now", () => {
    expect(testedOtherwise().filter((file) => existsSync(testOf(file)) || !sources.includes(file))).toEqual([]);
  });
});

function isAllowed({ from, to, typesOnly }: Import): boolean {
  const folder = folderOf(from);
  const { code, types = [] } = mayImport[folder] ?? { code: [] };
  const allowed = typesOnly ? [...code, ...types] : code;
  return folder === folderOf(to) || allowed.some((one) => one === "*" || one === to || one === folderOf(to));
}

function isCodeAcross(folder: string): (one: Import) => boolean {
  return ({ from, to, typesOnly }) => !typesOnly && folderOf(from) === folder && folderOf(to) !== folder;
}

/** The formatter puts each import at the start of a line, which is what this relies on. */
function importsOf(from: string): Import[] {
  const statement = /^(?:import|export)\s+(type\s+)?([^"';]*?)\s*from\s+"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm;
  return [...read(from).matchAll(statement)]
    .map(([, type, names = "", plain, lazy]) => ({
      from,
      to: normalize(join(dirname(from), plain ?? lazy ?? "")),
      typesOnly: type !== undefined || (plain !== undefined && everyIsType(names)),
    }))
    .filter(({ to }) => !to.startsWith(".."));
}

function everyIsType(names: string): boolean {
  const list = names.replace(/[{}]/g, "").split(",");
  return list.filter((name) => name.trim() !== "").every((name) => name.trim().startsWith("type "));
}

function canWrite(file: string): boolean {
  const text = read(file);
  const fs = [...text.matchAll(/^import\s+([^"';]*?)\s*from\s+"node:fs(?:\/promises)?"/gm)].map(
    ([, what = ""]) => what,
  );
  const named = fs
    .flatMap((what) => what.replace(/[{}]/g, "").split(","))
    .map((name) => name.trim().split(" ")[0] ?? "");
  const takesAll = fs.some((what) => !what.startsWith("{") && !what.startsWith("type {"));
  return takesAll || named.some((name) => WRITING.test(name)) || OPENING_TO_WRITE.test(text);
}

/** True when something is left after the types are taken out. */
function hasCode(file: string): boolean {
  return transformSync(read(file), { loader: "ts" }).code.trim() !== "";
}

function testOf(file: string): string {
  return join(root, "test", file.replace(/\.ts$/, ".test.ts"));
}

function folderOf(file: string): string {
  return file.includes("/") ? (file.split("/")[0] ?? "") : file.replace(/\.ts$/, "");
}

function listTypeScript(folder: string): string[] {
  return (readdirSync(join(root, folder), { recursive: true }) as string[])
    .filter((name) => name.endsWith(".ts"))
    .sort();
}

function read(file: string): string {
  return readFileSync(join(root, "src", file), "utf8");
}

function tell({ from, to }: Import): string {
  return `${from} -> ${to}`;
}

function testedOtherwise(): string[] {
  return Object.entries(throughTheProgram).flatMap(([folder, files]) =>
    files.split(" ").map((file) => `${join(folder, file)}.ts`),
  );
}
