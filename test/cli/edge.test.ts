import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addClaudeSession, type Home, makeHome } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

const program = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

/** Runs a line of a shell, in which $KEEPER stands for the program. */
function shell(line: string): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: process.env.PATH, HOME: home.root, KEEPER: `${process.execPath} ${program}` };
  return spawnSync("bash", ["-c", line], { encoding: "utf8", env });
}

test.each(["status", "rotate --help", "explain", "status --json"])(
  "a reader that goes away does not change how %s ends",
  (words) => {
    const places = words.startsWith("status") ? home.args.join(" ") : "";
    const { stdout, stderr } = shell(`$KEEPER ${words} ${places} | true; echo "\${PIPESTATUS[0]}"`);
    expect({ stdout, stderr }).toEqual({ stdout: "0\n", stderr: "" });
  },
);

test.each(["", " --json"])("results that find no room are a failure with a plain word (rotate -n%s)", (json) => {
  addClaudeSession(home, { orphans: ["toolu_1"] });
  const run = shell(`$KEEPER detect-corruption -n${json} ${home.args.join(" ")} > /dev/full`);
  expect(run.status).toBe(3);
  expect(run.stderr).toMatch(/ENOSPC|the disk is full/);
  expect(run.stderr).not.toMatch(/^ +at /m);
});

test("a current folder that is gone is no obstacle where every path is absolute", () => {
  const folder = mkdtempSync(join(tmpdir(), "keeper-gone-"));
  const run = shell(`cd ${folder} && rmdir ${folder} && $KEEPER rotate --json ${home.args.join(" ")}`);
  expect(run).toMatchObject({ status: 0, stderr: "" });
  expect(JSON.parse(run.stdout)).toMatchObject({ exitCode: 0 });
});

test("a limit longer than Node's timers is as good as none", async () => {
  for (const limit of ["30d", "9999d"])
    expect(await keeper(["rotate", "--max-runtime", limit, ...home.args])).toMatchObject({ status: 0, stderr: "" });
});

test("a run that reaches its limit says so, and that the next one goes on", async () => {
  const { path } = addClaudeSession(home);
  truncateSync(path, 20_000_000_000); // nothing but a hole, which takes long to read all the same
  const run = await keeper(["detect-corruption", "--max-runtime", "0.5s", ...home.args]);
  expect(run.status).toBe(3);
  expect(run.stderr).toContain("--max-runtime was reached");
  expect(run.stderr).toContain("the next run goes on from here");
});

test("-n is told as a dry run also where the command line is wrong", () => {
  expect(JSON.parse(shell("$KEEPER rotate -n --bogus --json").stdout)).toMatchObject({ dryRun: true, exitCode: 2 });
});

test("what was seen is told also where it cannot be remembered", async () => {
  addClaudeSession(home, { orphans: ["toolu_1"] });
  writeFileSync(join(home.root, "no-folder"), "");
  const places = home.args.map((word) => (word === home.state ? join(home.root, "no-folder", "state") : word));
  const report = await keeperJson(["detect-corruption", ...places]);
  expect(report.status).toBe(3);
  expect(report.installations[0]).toMatchObject({
    findings: [{ kind: "orphaned-result" }],
    failure: { code: "failed" },
  });
});

test("status names what is missing, not that there is nothing to look after", async () => {
  mkdirSync(join(home.root, "etc"), { mode: 0o700 });
  const config = join(home.root, "etc", "config.json5");
  const missing = join(home.root, "nope");
  writeFileSync(config, JSON.stringify({ installations: { j: { openclaw: { home: missing } } } }), { mode: 0o600 });
  const { stdout, status } = await keeper(["status", "--config", config, "--state-dir", home.state]);
  expect(status).toBe(3);
  expect(stdout).toContain(missing);
  expect(stdout).not.toContain("nothing to look after");
});
