import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findClaudeHome, findOpenclawHome } from "../../src/config/homes.ts";
import { put, putFolder, scratchSurroundings } from "../support/surroundings.ts";

test("the first existing of the default OpenClaw folders is found", () => {
  const machine = scratchSurroundings();
  const home = machine.homeDirectory;
  expect(findOpenclawHome(machine)).toBeNull();
  putFolder(join(home, ".moltbot"));
  expect(findOpenclawHome(machine)).toEqual({ path: join(home, ".moltbot"), configured: false });
  putFolder(join(home, ".clawdbot"));
  expect(findOpenclawHome(machine)).toEqual({ path: join(home, ".clawdbot"), configured: false });
  putFolder(join(home, ".openclaw"));
  expect(findOpenclawHome(machine)).toEqual({ path: join(home, ".openclaw"), configured: false });
});

test("a file or a link that leads nowhere is no home", () => {
  const machine = scratchSurroundings();
  put(join(machine.homeDirectory, ".openclaw"));
  symlinkSync("gone", join(machine.homeDirectory, ".clawdbot"));
  put(join(machine.homeDirectory, ".claude"));
  expect(findOpenclawHome(machine)).toBeNull();
  expect(findClaudeHome(machine)).toBeNull();
});

test.for([
  { env: { OPENCLAW_STATE_DIR: "/srv/state/" }, path: "/srv/state" },
  { env: { OPENCLAW_STATE_DIR: "/srv/state", OPENCLAW_PROFILE: "x", OPENCLAW_HOME: "/srv" }, path: "/srv/state" },
  { env: { OPENCLAW_STATE_DIR: "~/state", OPENCLAW_HOME: "/srv" }, path: "/srv/state" },
  { env: { OPENCLAW_HOME: "/srv/bot" }, path: "/srv/bot/.openclaw" },
  { env: { OPENCLAW_HOME: "/srv/bot", OPENCLAW_PROFILE: "work" }, path: "/srv/bot/.openclaw-work" },
])("OpenClaw's variables name its home, which need not exist: $env", ({ env, path }) => {
  expect(findOpenclawHome(scratchSurroundings(env))).toEqual({ path, configured: true });
});

test("a profile has a folder of its own in the home", () => {
  const machine = scratchSurroundings({ OPENCLAW_PROFILE: "work", OPENCLAW_STATE_DIR: "" });
  putFolder(join(machine.homeDirectory, ".openclaw"));
  expect(findOpenclawHome(machine)).toEqual({ path: join(machine.homeDirectory, ".openclaw-work"), configured: true });
});

test.for([
  { OPENCLAW_STATE_DIR: "", OPENCLAW_HOME: "", OPENCLAW_PROFILE: "" },
  { OPENCLAW_STATE_DIR: "  " },
  { OPENCLAW_PROFILE: "default" },
  { OPENCLAW_PROFILE: "../../etc" },
  { CLAWDBOT_STATE_DIR: "/gone/since/long" },
])("%j leaves the default places", (env) => {
  const machine = scratchSurroundings(env);
  putFolder(join(machine.homeDirectory, ".openclaw"));
  expect(findOpenclawHome(machine)).toEqual({ path: join(machine.homeDirectory, ".openclaw"), configured: false });
});

test("the old variable is followed while its folder exists", () => {
  const machine = scratchSurroundings();
  machine.env.CLAWDBOT_STATE_DIR = putFolder(join(machine.root, "old"));
  expect(findOpenclawHome(machine)).toEqual({ path: join(machine.root, "old"), configured: true });
});

test("Claude Code's folder is the variable's, or the default one if it exists", () => {
  const machine = scratchSurroundings();
  expect(findClaudeHome(machine)).toBeNull();
  putFolder(join(machine.homeDirectory, ".claude"));
  expect(findClaudeHome(machine)).toEqual({ path: join(machine.homeDirectory, ".claude"), configured: false });
  machine.env.CLAUDE_CONFIG_DIR = "";
  expect(findClaudeHome(machine)?.configured).toBe(false);
  machine.env.CLAUDE_CONFIG_DIR = "/srv/cafe\u0301/";
  expect(findClaudeHome(machine)).toEqual({ path: "/srv/caf\u00e9", configured: true });
});
