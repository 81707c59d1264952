import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  addOpenClawSession,
  age,
  archivesIn,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;

/**
 * A host as the guide for three tiers of maintenance describes it: a hundred sessions over six days, the largest of 8.7 MB and
 * at work, 18 tombstones, and a lock that a killed gateway left.
 */
let home: Home;
let paths: string[];
let tombstones: string[];
beforeEach(() => {
  home = makeHome();
  const entries: Record<string, unknown> = {};
  const idleOf = (index: number) => HOUR + (index / 99) * (6 * DAY - HOUR);
  paths = Array.from({ length: 100 }, (_, index) => {
    const idleMs = index === 0 ? 90_000 : idleOf(index);
    const { sessionId, path } = addOpenClawSession(home, { idleMs, bytes: index === 0 ? 8_050_000 : 2000 });
    const key = index % 4 === 1 ? `agent:main:cron:job:run:${sessionId}` : `agent:main:telegram:direct:${index}`;
    entries[key] = { sessionId, updatedAt: Date.now() - idleMs, sessionFile: path };
    return path;
  });
  tombstones = Array.from({ length: 18 }, (_, index) => {
    const at = new Date(Date.now() - (index + 0.5) * DAY).toISOString().replaceAll(":", "-");
    const path = join(sessionsFolder(home), `gone-${index}.jsonl.deleted.${at}`);
    writeFileSync(path, `{"type":"session","version":3,"id":"gone-${index}"}\n`, { mode: 0o600 });
    age(path, (index + 0.5) * DAY);
    return path;
  });
  writeRegistry(home, entries);
  writeFileSync(`${paths[0]}.lock`, JSON.stringify({ pid: 999_999_999, createdAt: new Date(0).toISOString() }));
});
afterEach(() => home.remove());

test("five minutes, six hours, every day: what goes, what stays, and what is said", async () => {
  const originals = new Map([...paths, ...tombstones].map((path) => [path, readFileSync(path)]));
  const old = paths.filter((path) => Date.now() - statSync(path).mtimeMs > 5 * DAY);
  const buried = tombstones.slice(7);
  expect([old.length, buried.length]).toEqual([17, 11]);

  const locks = await keeper(["clean-locks", "--cron", ...home.args]);
  expect([locks.status, existsSync(`${paths[0]}.lock`)]).toEqual([0, false]);

  const { stdout, stderr, status } = await keeper(["archive", "--cron", ...home.args]);
  expect([status, stderr]).toEqual([1, ""]); // the large session is rotate's affair, and is told
  for (const path of paths) expect(existsSync(path)).toBe(!old.includes(path));
  for (const path of tombstones) expect(existsSync(path)).toBe(!buried.includes(path));
  const archives = archivesIn(join(home.openclaw, "session-archives"));
  expect(archives.length).toBe(28);
  for (const path of [...old, ...buried]) {
    const name = path.slice(path.lastIndexOf("/") + 1).split(".jsonl")[0];
    const archive = archives.find((one) => one.includes(`/${name}.`));
    expect(unzip(archive ?? "")).toEqual(originals.get(path));
  }
  const keys = Object.keys(readRegistryOf(home));
  expect(keys.filter((key) => key.includes("direct")).length).toBe(75); // nobody loses the way back
  const over = paths.filter((path, index) => index % 4 === 1 && old.includes(path));
  expect(keys.filter((key) => key.includes("cron")).length).toBe(25 - over.length);
  expect(over.length).toBeGreaterThan(2);
  expect(stdout).toContain("8.7 MB, larger than 2 MB");
  expect(stdout).toContain("28 sessions archived");
  expect(stdout).toMatch(/to undo it: session-keeper restore undo \S+/);
  expect(stdout.split("\n").length).toBeLessThan(60);

  const rotated = await keeper(["rotate", "--cron", ...home.args]);
  expect(rotated.status).toBe(0);
  expect(statSync(paths[0] ?? "", { throwIfNoEntry: false })?.size ?? 0).toBeLessThan(2_000_000);
  const silent = await keeper(["archive", "--cron", ...home.args]);
  expect(silent).toMatchObject({ status: 0, stdout: "", stderr: "" });
  const verified = await keeperJson(["restore", "verify", ...home.args]);
  expect(verified.status).toBe(0);
  expect(verified.installations[0]?.archives?.length).toBe(29);
});
