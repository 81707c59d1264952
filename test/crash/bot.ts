import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { startTicksOf } from "../../src/host/processes.ts";
import {
  addClaudeSession,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { leftovers } from "./scene.ts";

/** A bot with one session, above 2 KB and bound. */
export type Bot = { home: Home; sessionId: string; path: string; original: Buffer; registry: string };

const KEY = "agent:main:main";

export function makeBot(): Bot {
  const home = makeHome();
  const { sessionId, path } = addClaudeSession(home, { bytes: 4000 });
  writeRegistry(home, { [KEY]: boundEntry(sessionId) });
  return { home, sessionId, path, original: readFileSync(path), registry: join(sessionsFolder(home), "sessions.json") };
}

/** A configuration whose restart command leaves a mark and takes so many seconds; it holds a command, so it is private. */
export function withRestart(home: Home, seconds: number): string[] {
  const folder = join(home.root, "etc");
  mkdirSync(folder, { mode: 0o700 });
  const mark = `require("fs").appendFileSync(${JSON.stringify(join(home.root, "restarts"))}, "x")`;
  const program = `${mark}; setTimeout(() => {}, ${seconds * 1000})`;
  const gateway = { logs: [home.log], restart: [process.execPath, "-e", program] };
  const bot = { openclaw: { home: home.openclaw }, claude: { home: home.claude }, gateway };
  writeFileSync(join(folder, "config.json5"), JSON.stringify({ installations: { bot } }), { mode: 0o600 });
  return ["--config", join(folder, "config.json5"), "--state-dir", home.state];
}

export function restartsOf(home: Home): number {
  const path = join(home.root, "restarts");
  return existsSync(path) ? readFileSync(path, "utf8").length : 0;
}

/** A line of the gateway's log in which the API rejects the session. */
export function condemn(home: Home): void {
  const text = "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_x";
  appendFileSync(home.log, `${new Date().toISOString()} [agent] lane=session:${KEY} error: ${text}\n`);
}

/** The lock that a gateway which lives would have made. This process stands for it. */
export function lockOfALivingGateway(file: string): string {
  const path = `${file}.lock`;
  const payload = { pid: process.pid, createdAt: new Date().toISOString(), starttime: startTicksOf(process.pid) };
  writeFileSync(path, JSON.stringify(payload, null, 2));
  return path;
}

export function runLocks(home: Home): string[] {
  return readdirSync(join(home.state, "locks")).filter((name) => name.endsWith(".lock"));
}

export function expectUntouched({ home, path, sessionId, original }: Bot): void {
  expect(readFileSync(path).equals(original)).toBe(true);
  expect(readRegistryOf(home)[KEY]).toHaveProperty("claudeCliSessionId", sessionId);
}

export function expectBotRotated({ home, path, original }: Bot): void {
  expect(statSync(path).size).toBe(0);
  expect(readRegistryOf(home)[KEY]).not.toHaveProperty("claudeCliSessionId");
  expect(archivesIn(home.root).map((archive) => unzip(archive).equals(original))).toEqual([true]);
  expect(leftovers(home)).toEqual([]);
}

export async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !isTrue(); await sleep(10)) {
    if (Date.now() > end) throw new Error(`never came: ${what}`);
  }
}
