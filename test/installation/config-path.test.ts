import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { configPathOf } from "../../src/installation/config-path.ts";
import { put, putFolder, scratchSurroundings } from "../support/surroundings.ts";

let root: string;
let home: string;
let other: string;
beforeEach(() => {
  root = scratchSurroundings().root;
  home = putFolder(join(root, ".openclaw"));
  other = join(root, "etc", "gateway.json");
});

const find = (env: NodeJS.ProcessEnv = {}) => configPathOf(home, { env, homeDirectory: root });

test("it lies in the home, under one of its names, or nowhere", () => {
  expect(find()).toBeUndefined();
  const old = put(join(home, "clawdbot.json"), "{}");
  expect(find()).toBe(old);
  const own = put(join(home, "openclaw.json"), "{}");
  expect(find()).toBe(own);
});

test("what we are told is for the home that it lies in, or that we are led to", () => {
  const own = put(join(home, "openclaw.json"), "{}");
  const inside = join(home, "other.json");
  const elsewhere = { OPENCLAW_STATE_DIR: join(root, "elsewhere") };
  expect(find({ ...elsewhere, OPENCLAW_CONFIG_PATH: inside })).toBe(inside);
  expect(find({ ...elsewhere, OPENCLAW_CONFIG_PATH: other })).toBe(own);
  expect(find({ OPENCLAW_STATE_DIR: home, OPENCLAW_CONFIG_PATH: other })).toBe(other);
  expect(find({ OPENCLAW_CONFIG_PATH: other })).toBe(other);
});

let end: (() => Promise<unknown>) | undefined;
afterEach(() => end?.());

async function startGateway(env: NodeJS.ProcessEnv, ...more: string[]): Promise<number | undefined> {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)", "openclaw", "gateway", ...more], { env });
  await once(child, "spawn");
  end = () => {
    child.kill();
    return once(child, "close");
  };
  return child.pid;
}

test.each([
  ["its state folder is this home", () => ({ OPENCLAW_STATE_DIR: home }), [], true],
  ["its state folder is another one", () => ({ OPENCLAW_STATE_DIR: join(root, "elsewhere") }), [], false],
  ["this is the usual home of its user", () => ({ HOME: root }), [], true],
  ["its user is another one", () => ({ HOME: join(root, "elsewhere") }), [], false],
  ["it is of another profile of its user", () => ({ HOME: root }), ["--profile", "work"], false],
] as const)("what a gateway is told counts: %s", async (_, env, more, counts) => {
  await startGateway({ ...env(), OPENCLAW_CONFIG_PATH: other }, ...more);
  expect(find()).toBe(counts ? other : undefined);
});

test("of a gateway that holds its lock, it counts although the home has one of its own", async () => {
  put(join(home, "openclaw.json"), "{}");
  const pid = await startGateway({ OPENCLAW_STATE_DIR: home, OPENCLAW_CONFIG_PATH: other });
  vi.stubEnv("TMPDIR", root);
  onTestFinished(() => void vi.unstubAllEnvs());
  const folder = `openclaw-${statSync(home).uid}`;
  put(join(root, folder, "gateway.0123abcd.lock"), JSON.stringify({ pid, configPath: other }));
  expect(find()).toBe(other);
});
