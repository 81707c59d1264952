import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findHomesOf, listAccounts } from "../../src/setup/find-homes.ts";
import { put, putFolder, scratchSurroundings } from "../support/surroundings.ts";

test("the usual state folder comes first, then those of profiles; links and copies of old are none of their own", () => {
  const { homeDirectory: directory } = scratchSurroundings();
  put(join(directory, ".openclaw/openclaw.json"), "{}");
  putFolder(join(directory, ".openclaw-work/agents"));
  putFolder(join(directory, ".openclaw-backup"));
  symlinkSync(join(directory, ".openclaw"), join(directory, ".clawdbot"));
  putFolder(join(directory, ".claude"));
  const account = { user: "jarvis", uid: 1000, directory };
  const claude = join(directory, ".claude");
  expect(findHomesOf(account, {})).toEqual([
    { account, openclaw: join(directory, ".openclaw"), claude },
    { account, openclaw: join(directory, ".openclaw-work"), profile: "work", claude },
  ]);
});

test("a state folder that the environment names is the usual one", () => {
  const { homeDirectory: directory, root } = scratchSurroundings();
  const named = putFolder(join(root, "srv"));
  put(join(named, "openclaw.json"), "{}");
  const account = { user: "jarvis", uid: 1000, directory };
  expect(findHomesOf(account, { OPENCLAW_STATE_DIR: named })).toEqual([{ account, openclaw: named }]);
});

test("Claude Code alone is enough, and nothing is nothing", () => {
  const { homeDirectory: directory } = scratchSurroundings();
  const account = { user: "anna", uid: 1001, directory };
  expect(findHomesOf(account, {})).toEqual([]);
  const claude = putFolder(join(directory, ".claude"));
  expect(findHomesOf(account, {})).toEqual([{ account, claude }]);
});

test("accounts are those with a folder", () => {
  const { root } = scratchSurroundings();
  const passwd = put(join(root, "passwd"), "root:x:0:0:root:/root:/bin/sh\nnone:x:5:5::/:/bin/sh\nbad\n");
  expect(listAccounts(passwd)).toEqual([{ user: "root", uid: 0, directory: "/root" }]);
});
