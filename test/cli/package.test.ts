import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addClaudeSession, boundEntry, type Home, makeHome, writeRegistry } from "../support/home.ts";

const root = join(import.meta.dirname, "..", "..");
const BUILT = join(root, "bin", "session-keeper.js");
const { version, scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

let scratch: string;
let home: Home;
let normal: object;

/** A home with something to do, so that a run has something to say. */
beforeAll(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), "keeper-package-")));
  home = makeHome();
  const { sessionId } = addClaudeSession(home, { bytes: 2_100_000 });
  addClaudeSession(home, { orphans: ["toolu_lost"] });
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  normal = reportOf(process.execPath, [BUILT]);
});
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
  home.remove();
});

describe("the package", () => {
  let tarball: string;
  let files: string[];
  beforeAll(() => {
    const packed = execFileSync("npm", ["pack", "--json", "--pack-destination", scratch], {
      cwd: root,
      encoding: "utf8",
    });
    const [{ filename, files: entries }] = JSON.parse(packed);
    tarball = join(scratch, filename);
    files = entries.map(({ path }: { path: string }) => path);
  });

  test("holds what runs, what is read, and nothing of how it was made", () => {
    const expected = [
      "LICENSE",
      "README.md",
      "bin/session-keeper.js",
      "crontab.example",
      "dist/start.js",
      "dist/session-keeper.1",
    ];
    const schemas = ["dist/config.schema.json", "dist/report.schema.json", "dist/third-party-licenses.txt"];
    expect(files).toEqual(expect.arrayContaining([...expected, ...schemas]));
    expect(
      files.filter((path) => /^(?:src|test|fixtures|single|node_modules|\.)|emit-|meta\.json|\.map$/.test(path)),
    ).toEqual([]);
  });

  test("installs for everybody without any other package, and runs", () => {
    const prefix = join(scratch, "prefix");
    mkdirSync(prefix);
    const options = ["--global", "--prefix", prefix, "--offline", "--no-audit", "--no-fund"];
    execFileSync("npm", ["install", ...options, tarball], { cwd: scratch, stdio: "pipe" });
    const installed = join(prefix, "bin", "session-keeper");
    expect(execFileSync(installed, ["--version"], { encoding: "utf8" })).toBe(`${version}\n`);
    expect(reportOf(installed, [])).toEqual(normal);
    expect(readFileSync(join(prefix, "share", "man", "man1", "session-keeper.1"), "utf8")).toMatch(/^\.TH SESSION/);
    expect(existsSync(join(prefix, "lib", "node_modules", "session-keeper", "node_modules"))).toBe(false);
  });
});

test("the single file answers as the program does, wherever it lies", () => {
  const single = join(scratch, "elsewhere", "session-keeper.cjs");
  const [program, ...args] = scripts["bundle:single"]
    .split(" ")
    .filter((word: string) => !word.startsWith("--outfile"));
  execFileSync(join(root, "node_modules", ".bin", program), [...args, `--outfile=${single}`], {
    cwd: root,
    stdio: "pipe",
  });
  expect(execFileSync(single, ["--version"], { encoding: "utf8", cwd: scratch })).toBe(`${version}\n`);
  expect(reportOf(single, [])).toEqual(normal);
  for (const words of [
    ["explain", "oversized"],
    ["rotate", "--dry-run", ...home.args],
  ]) {
    const [ours, theirs] = [runOf(single, words), runOf(process.execPath, [BUILT, ...words])];
    expect(ours).toEqual(theirs);
    expect(ours.stdout.length).toBeGreaterThan(100);
  }
});

/** The document of a dry run, but for what is of one run alone. */
function reportOf(program: string, before: readonly string[]): object {
  const { status, stdout } = runOf(program, [...before, "rotate", "--dry-run", "--json", ...home.args]);
  const { runId, startedAt, durationMs, ...report } = JSON.parse(stdout);
  expect([status, report.exitCode, report.summary.findings, typeof runId]).toEqual([1, 1, 2, "string"]);
  return report;
}

function runOf(program: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, args, {
    env: { PATH: process.env.PATH, TZ: "UTC" },
    cwd: scratch,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}
