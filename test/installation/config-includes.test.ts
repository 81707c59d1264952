import { linkSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { resolveIncludes } from "../../src/installation/config-includes.ts";

let root: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "keeper-includes-")));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, value: unknown): string {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(value));
  return path;
}

function read(value: unknown, allowedRoots: string[] = []) {
  const problems: string[] = [];
  const onProblem = (problem: string) => problems.push(problem);
  const config = join(root, "home", "openclaw.json");
  return { value: resolveIncludes(value, config, { parse: JSON.parse, allowedRoots, onProblem }), problems };
}

describe("merging", () => {
  test("what stands beside an include goes over it; lists are joined, objects merged", () => {
    write("home/base.json", { list: [1], object: { a: 1, b: 1 }, plain: "base", kept: true });
    const beside = { $include: "./base.json", list: [2], object: { b: 2 }, plain: "beside" };
    expect(read(beside)).toEqual({
      value: { list: [1, 2], object: { a: 1, b: 2 }, plain: "beside", kept: true },
      problems: [],
    });
  });

  test("a list of files, the later over the earlier; a list of values alone; nested at any depth", () => {
    write("home/a.json", { x: [1], y: "a" });
    write("home/parts/b.json", { x: [2], y: { $include: "c.json" } });
    write("home/parts/c.json", ["c"]);
    expect(read({ deep: [{ $include: ["a.json", "parts/b.json"] }] }).value).toEqual({
      deep: [{ x: [1, 2], y: ["c"] }],
    });
    expect(read({ bindings: { $include: "parts/c.json" } }).value).toEqual({ bindings: ["c"] });
    expect(read({ $include: [] }).value).toEqual({});
  });

  test("names that objects have of themselves are not taken over", () => {
    write("home/a.json", JSON.parse('{"a":1}'));
    write("home/b.json", JSON.parse('{"__proto__":{"bad":1},"constructor":2,"b":1}'));
    expect(read({ $include: ["a.json", "b.json"] }).value).toEqual({ a: 1, b: 1 });
  });
});

describe("what the gateway refuses is a problem, and what stands beside it is left", () => {
  const refused = (include: unknown, allowedRoots: string[] = []) => {
    const { value, problems } = read({ $include: include, kept: 1 }, allowedRoots);
    expect(value).toEqual({ kept: 1 });
    expect(problems).toHaveLength(1);
    return problems[0];
  };

  test("a file outside the folder, by its path or by a link, unless its folder is allowed", () => {
    const outside = write("elsewhere/a.json", { outside: 1 });
    write("home/openclaw.json", {});
    symlinkSync(outside, join(root, "home", "link.json"));
    expect(refused("../elsewhere/a.json")).toContain("outside the configuration's folder");
    expect(refused(outside)).toContain("outside the configuration's folder");
    expect(refused("link.json")).toContain("leads outside");
    expect(read({ $include: outside }, [join(root, "elsewhere")])).toEqual({ value: { outside: 1 }, problems: [] });
  });

  test("circles, and more than ten files", () => {
    write("home/self.json", { $include: "./self.json", kept: 1 });
    expect(refused("self.json")).toContain("includes itself");
    for (let index = 2; index <= 11; index++) write(`home/${index}.json`, { $include: `./${index + 1}.json`, kept: 1 });
    write("home/12.json", {});
    expect(refused("2.json")).toContain("more than 10 files deep");
    expect(read({ $include: "3.json" })).toEqual({ value: { kept: 1 }, problems: [] });
  });

  test("what is not there, no plain file, too large, or has another name too", () => {
    mkdirSync(join(root, "home", "folder"), { recursive: true });
    writeFileSync(join(root, "home", "large.json"), `"${"x".repeat(2 * 1024 * 1024)}"`);
    linkSync(write("home/one.json", {}), join(root, "home", "two.json"));
    expect(refused("missing.json")).toContain("ENOENT");
    for (const name of ["folder", "large.json", "two.json"]) expect(refused(name)).toContain("no plain file");
    expect(refused("a\0b")).toContain("no usable path");
  });

  test("no path, and no object to merge with", () => {
    write("home/list.json", [1]);
    expect(refused(7)).toContain("neither a path nor a list");
    expect(refused(["list.json", 7])).toContain("neither a path nor a list");
    expect(refused("list.json")).toContain("no object to merge with");
  });
});
