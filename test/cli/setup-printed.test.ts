import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { addClaudeSession, type Home, makeHome } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

test("the manual page and the completions are printed as they are, without any home", async () => {
  const nowhere = { HOME: "/nonexistent", LC_ALL: "C" };
  const page = readFileSync(join(import.meta.dirname, "..", "..", "dist", "session-keeper.1"), "utf8");
  expect(await keeper(["setup", "man"], nowhere)).toMatchObject({ status: 0, stdout: page, stderr: "" });
  const shells = ["bash", "zsh", "fish"];
  const scripts = await Promise.all(shells.map((shell) => keeper(["setup", "completion", shell], nowhere)));
  for (const [index, { status, stdout }] of scripts.entries()) {
    expect(status).toBe(0);
    expect(stdout).toContain(`# ${shells[index]} completion for session-keeper`);
  }
  const { status, stderr } = await keeper(["setup", "completion", "ksh"], nowhere);
  expect(status).toBe(2);
  expect(stderr).toContain("Allowed choices are bash, zsh, fish");
});

test("logrotate rotates our log by what we print, and the next run writes into a new one", async ({ skip }) => {
  const log = join(home.root, "our log.jsonl");
  const config = join(home.root, "config.json5");
  writeFileSync(config, JSON.stringify({ log: { file: log } }), { mode: 0o600 });
  const args = [
    "--config",
    config,
    "--claude-home",
    home.claude,
    "--openclaw-home",
    home.openclaw,
    "--state-dir",
    home.state,
  ];
  addClaudeSession(home, { orphans: ["toolu_lost"] });
  await keeper(["detect-corruption", ...args]);
  const first = readFileSync(log, "utf8");

  const { status, stdout } = await keeper(["setup", "logrotate", ...args]);
  expect(status).toBe(0);
  const snippet = join(home.root, "logrotate.conf");
  writeFileSync(snippet, stdout, { mode: 0o644 });
  const rotation = spawnSync("logrotate", ["--force", "--state", join(home.root, "logrotate.state"), snippet], {
    encoding: "utf8",
  });
  if (rotation.error) skip("logrotate is not installed");
  expect({ status: rotation.status, stderr: rotation.stderr }).toEqual({ status: 0, stderr: "" });
  expect(readFileSync(`${log}.1`, "utf8")).toBe(first);

  await keeper(["detect-corruption", ...args]);
  expect(readFileSync(log, "utf8")).not.toBe("");
  expect(statSync(log).mode & 0o777).toBe(0o600);
  expect(existsSync(`${log}.2`)).toBe(false);
});

test("without a log there is nothing to rotate, and that is said", async () => {
  const { status, stdout, stderr } = await keeper(["setup", "logrotate", ...home.args]);
  expect([status, stdout]).toEqual([2, ""]);
  expect(stderr).toContain("log.file");
});
