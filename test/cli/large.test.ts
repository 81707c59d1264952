import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readCatalog } from "../../src/archive/catalog.ts";
import { projectNamesOf } from "../../src/installation/paths.ts";
import { age, archivesIn, boundEntry, type Home, makeHome, readRegistryOf, writeRegistry } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

let home: Home;
afterEach(() => home?.remove());

test("a transcript of 386 MB is rotated in less than 150 MB of memory", async () => {
  home = makeHome();
  const sessionId = "0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
  const folder = join(home.claude, "projects", projectNamesOf(home.workspace)[0] ?? "");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${sessionId}.jsonl`);
  const made = writeTranscript(path, { dialect: "claude-code", bytes: 386_000_000, sessionId });
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
  expect(statSync(path).size).toBe(0);
  const archives = join(home.claude, "session-archives");
  expect(archivesIn(archives)).toHaveLength(1);
  expect(readCatalog(archives)).toMatchObject([{ bytes: made.bytes, lines: made.lines, sessionId, segment: 1 }]);
  expect(readRegistryOf(home)["agent:main:main"]).not.toHaveProperty("cliSessionBindings");
}, 180_000);
