import { createHash } from "node:crypto";
import { createReadStream, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readCatalog } from "../../src/archive/catalog.ts";
import { projectNamesOf } from "../../src/installation/paths.ts";
import { age, archivesIn, boundEntry, type Home, makeHome, readRegistryOf, writeRegistry } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import { timesOf } from "../support/thoroughness.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest("hex");
}

let home: Home;
afterEach(() => home?.remove());

/** The largest that was seen to kill a gateway; each run of the tests takes a part of it. */
const MEGABYTES = Math.max(160, timesOf(386));

test(`a transcript of ${MEGABYTES} MB is cut in less than 150 MB of memory, and comes back whole`, async () => {
  home = makeHome();
  const sessionId = "0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
  const folder = join(home.claude, "projects", projectNamesOf(home.workspace)[0] ?? "");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${sessionId}.jsonl`);
  const made = writeTranscript(path, { dialect: "claude-code", bytes: MEGABYTES * 1_000_000, sessionId });
  const original = await hashOf(path);
  age(path, 60_000);
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  const usage = join(home.root, "usage");
  const preload = join(home.root, "usage.cjs");
  writeFileSync(
    preload,
    `process.on("exit", () => require("fs").writeFileSync(${JSON.stringify(usage)}, String(process.resourceUsage().maxRSS)));`,
  );
  const run = await keeper(["rotate", ...home.args], { NODE_OPTIONS: `--require ${preload}` });
  expect(run).toMatchObject({ status: 0, stderr: "" });
  expect(Number(readFileSync(usage, "utf8")) * 1024).toBeLessThan(150_000_000);
  const kept = statSync(path).size;
  expect(kept).toBeLessThan(4_000_000);
  const archives = join(home.claude, "session-archives");
  expect(archivesIn(archives)).toHaveLength(1);
  const [segment] = readCatalog(archives);
  expect(segment).toMatchObject({ sessionId, segment: 1, purpose: "cut" });
  expect(segment?.bytes).toBeGreaterThan(made.bytes - kept);
  expect(readRegistryOf(home)["agent:main:main"]).toHaveProperty("cliSessionBindings");
  const copy = join(home.root, "whole.jsonl");
  const restored = await keeper(["restore", "get", sessionId, "--full", "--to", copy, ...home.args], {
    NODE_OPTIONS: `--require ${preload}`,
  });
  expect(restored.status).toBe(0);
  expect(Number(readFileSync(usage, "utf8")) * 1024).toBeLessThan(150_000_000);
  expect(await hashOf(copy)).toBe(original);
}, 180_000);
