import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { catalogPathOf, readCatalog } from "../../src/archive/catalog.ts";
import {
  addOpenClawSession,
  archivesIn,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson, startKeeper } from "../support/keeper.ts";
import { DAY } from "./archive-scene.ts";
import { ageRunLocks } from "./kill-at-each.ts";
import { leftovers } from "./scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // on a machine that may be slow

const SESSIONS = 600;
/** Of all agents of a busy bot; the registry is one of those that are never read whole for an edit. */
const ENTRIES = 10_000;
const MOST_MORE_BYTES = 40_000_000;

type Many = { paths: string[]; registry: Record<string, { sessionId: string; updatedAt: number }> };

/** Idle sessions in one registry: every third of an errand, whose entry goes; the others get a fresh start. */
function addMany(home: Home, count: number): Many {
  const idleMs = 9 * DAY;
  const many: Many = { paths: [], registry: {} };
  for (let index = 0; index < count; index += 1) {
    const { sessionId, path } = addOpenClawSession(home, { idleMs });
    many.paths.push(path);
    const key = `agent:main:${index % 3 === 0 ? "subagent" : "telegram:direct"}:${index}`;
    many.registry[key] = { sessionId, updatedAt: Date.now() - idleMs };
  }
  writeRegistry(home, many.registry);
  return many;
}

it.concurrent("a run over six hundred sessions that is killed half-way leaves no gap, and the next one ends as if it had not been", async ({
  onTestFinished,
}) => {
  const home = makeHome();
  onTestFinished(home.remove);
  const { paths, registry } = addMany(home, SESSIONS);
  const archives = join(home.openclaw, "session-archives");
  const catalog = catalogPathOf(archives);
  const { child, done } = startKeeper(["archive", ...home.args]);
  while (linesOfCatalog(catalog) < SESSIONS / 2 && child.exitCode === null) await sleep(10);
  child.kill("SIGKILL");
  expect((await done).signal).toBe("SIGKILL");

  const archived = new Set(readCatalog(archives).map(({ source }) => source));
  const gone = paths.filter((path) => !existsSync(path));
  expect(gone.length, "removed so far").toBeGreaterThan(0);
  expect(gone.filter((path) => !archived.has(path))).toEqual([]);
  const claimed = new Set(Object.values(readRegistryOf(home)).map(({ sessionId }) => `${sessionId}`));
  expect(gone.filter((path) => claimed.has(basename(path, ".jsonl")))).toEqual([]);

  ageRunLocks(home);
  const next = await keeperJson(["archive", ...home.args]);
  expect({ status: next.status, failure: next.installations[0]?.failure }).toEqual({ status: 0 });
  expect(readdirSync(sessionsFolder(home))).toEqual(["sessions.json"]);
  const now = readRegistryOf(home);
  expect(Object.keys(now)).toEqual(Object.keys(registry).filter((key) => !key.includes("subagent")));
  const former = new Set(Object.values(registry).map(({ sessionId }) => sessionId));
  expect(Object.values(now).filter(({ sessionId }) => former.has(`${sessionId}`))).toEqual([]);
  expect(new Set(Object.values(now).map(({ sessionId }) => sessionId)).size).toBe(Object.keys(now).length);
  const records = readCatalog(archives);
  expect(records.map(({ source }) => source).sort()).toEqual(paths.sort());
  expect(records.map(({ archive }) => join(archives, archive)).sort()).toEqual(archivesIn(archives));
  expect(leftovers(home)).toEqual([]);
  expect((await keeperJson(["restore", "verify", ...home.args])).status).toBe(0);
});

function linesOfCatalog(path: string): number {
  return existsSync(path) ? readFileSync(path, "latin1").split("\n").length - 1 : 0;
}

it.concurrent("of one large registry, many sessions need hardly more memory than few", async () => {
  const [few = 0, many = 0] = await Promise.all([150, 1000].map(peakBytesOf));
  expect(many - few, `${few} bytes of few, ${many} of many`).toBeLessThan(MOST_MORE_BYTES);
});

/** The most memory that a run had over so many sessions of a registry with thousands of entries. */
async function peakBytesOf(sessions: number): Promise<number> {
  const home = makeHome();
  const { registry } = addMany(home, sessions);
  const settings = { note: "x".repeat(600), origin: { provider: "telegram", chatType: "direct" } };
  const others = Array.from({ length: ENTRIES - sessions }, (_, index) => [
    `agent:main:telegram:direct:other-${index}`,
    { sessionId: randomUUID(), updatedAt: Date.now(), ...settings },
  ]);
  writeRegistry(home, { ...registry, ...Object.fromEntries(others) });
  const [usage, preload] = [join(home.root, "usage"), join(home.root, "usage.cjs")];
  const write = `require("fs").writeFileSync(${JSON.stringify(usage)}, String(process.resourceUsage().maxRSS))`;
  writeFileSync(preload, `process.on("exit", () => ${write});`);
  const run = await keeper(["archive", ...home.args], { NODE_OPTIONS: `--require ${preload}` });
  expect(run).toMatchObject({ status: 0, stderr: "" });
  expect(readdirSync(sessionsFolder(home))).toEqual(["sessions.json"]);
  expect(Object.keys(readRegistryOf(home)).length).toBe(ENTRIES - Math.ceil(sessions / 3));
  const bytes = Number(readFileSync(usage, "utf8")) * 1024;
  home.remove();
  return bytes;
}
