import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { addClaudeSession, type Home, makeHome } from "../support/home.ts";

const root = join(import.meta.dirname, "..", "..");

let home: Home;
/** A copy of what was built. */
let place: string;
let args: string[];
beforeEach(() => {
  home = makeHome();
  place = mkdtempSync(join(tmpdir(), "keeper-start-"));
  for (const name of ["bin", "dist"]) cpSync(join(root, name), join(place, name), { recursive: true });
  const { path } = addClaudeSession(home, { orphans: ["toolu_1"] });
  args = ["detect-corruption", path, "--json"];
});
afterEach(() => {
  home.remove();
  rmSync(place, { recursive: true, force: true });
});

function start(given = args, preload?: string) {
  const preloads = preload === undefined ? [] : ["--require", preload];
  const argv = [...preloads, join(place, "bin", "session-keeper.js"), ...given];
  return spawnSync(process.execPath, argv, { encoding: "utf8", env: { PATH: process.env.PATH, HOME: home.root } });
}

/** Tells, file by file, whether V8 took what the build had left. */
function startAndWatch(given = args): Record<string, string> {
  const preload = join(home.root, "watch.cjs");
  const told = `process.on("exit", () => console.log(JSON.stringify(told)));`;
  const script = `class extends vm.Script {
    constructor(source, options) {
      super(source, options);
      told[options.filename.slice(${join(place, "dist").length + 1})] =
        options.cachedData === undefined ? "missing" : this.cachedDataRejected ? "rejected" : "taken";
    }
  }`;
  writeFileSync(preload, `const vm = require("node:vm"); const told = {}; vm.Script = ${script}; ${told}`);
  const { stdout } = start(given, preload);
  return JSON.parse(stdout.trimEnd().split("\n").at(-1) ?? "");
}

function compiledFiles(): string[] {
  return readdirSync(join(place, "dist"))
    .filter((name) => name.endsWith(".compiled"))
    .map((name) => join(place, "dist", name));
}

test("an idle run and a look at a file compile nothing: all is taken as the build left it", () => {
  const healthy = makeHome();
  onTestFinished(() => healthy.remove());
  expect(startAndWatch(["rotate", ...healthy.args])).toEqual({ "start.js": "taken" });
  const look = Object.values(startAndWatch());
  expect(look.length).toBeGreaterThan(5);
  expect(new Set(look)).toEqual(new Set(["taken"]));
});

const damages: Record<string, (path: string) => void> = {
  "is missing": (path) => rmSync(path),
  "is cut short": (path) => truncateSync(path, 1000),
  "was made by something else": (path) => writeFileSync(path, "something else ".repeat(1000)),
};
test.each(Object.keys(damages))("what V8 made %s: the program does the same", (name) => {
  const before = JSON.parse(start().stdout);
  expect(compiledFiles().length).toBeGreaterThan(5);
  for (const path of compiledFiles()) damages[name]?.(path);
  const { status, stdout, stderr } = start();
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  expect(JSON.parse(stdout).installations).toEqual(before.installations);
  expect(Object.values(startAndWatch())).not.toContain("taken");
});

test("what was made for another release of Node is not taken", () => {
  for (const path of compiledFiles()) {
    expect(path).toContain(`.${process.version}-${process.arch}.`);
    renameSync(path, path.replace(process.version, "v20.19.99"));
  }
  expect(new Set(Object.values(startAndWatch()))).toEqual(new Set(["missing"]));
});

test("without a build it says what to do", () => {
  rmSync(join(place, "dist"), { recursive: true });
  expect(start()).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining("npm run build") });
});

test("an older Node is told, not tried", () => {
  const preload = join(home.root, "older.cjs");
  writeFileSync(
    preload,
    `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.18.3" } });`,
  );
  const { status, stderr } = start(args, preload);
  expect(status).toBe(2);
  expect(stderr).toMatch(/needs Node 20\.19 or later; this is 20\.18\.3/);
});
