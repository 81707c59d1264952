import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { type Home, makeHome, readRegistryOf, sessionsFolder } from "../support/home.ts";
import { written } from "../support/unregistered.ts";
import {
  A_SESSION_EACH,
  actionsOf,
  configureGateway,
  findingsOf,
  registryPath,
  repair,
  validate,
} from "../support/validate.ts";
import { giveTo, isRoot, needsRoot, OWNER } from "./rotate-as.ts";
import { leftovers } from "./scene.ts";

// The verification of the bug report of January 2026: a hundred sessions are created in several ways, with kills in the middle,
// a full disk, lost permissions and others who write; after one repair none of them is without its entry.

const script = join(import.meta.dirname, "create-sessions.cjs");
const ERAS = { F1: "2026.2.9", F2: "2026.4.15", F3b: "2026.6.11" } as const;
type EraName = keyof typeof ERAS;

let home: Home;
const mounted: string[] = [];
afterEach(() => {
  for (const place of mounted.splice(0)) spawnSync("umount", [place]);
  home.remove();
});

function begin(era: EraName): void {
  home = makeHome({ version: ERAS[era] });
  configureGateway(home, A_SESSION_EACH);
}

/** What wrote it to the store, and says so. `killed`: at its number, as it was told to be. */
type Written = { entries: Map<string, { sessionId: string; file: string }>; killed: number };

/**
 * Creates the sessions from one number to another, whatever kills the process that does; each kill ends one.
 *
 * @param slowMs how long each write of the store takes
 */
async function create(
  era: EraName,
  from: number,
  to: number,
  dieAt: Record<number, string> = {},
  slowMs = 0,
): Promise<Written> {
  const made: Written = { entries: new Map(), killed: 0 };
  const deaths = Object.keys(dieAt)
    .map(Number)
    .filter((number) => number >= from && number < to);
  for (let next = from; next < to; ) {
    const plan = join(home.root, `plan-${next}.json`);
    const texts = {
      direct: written.telegramDirect,
      topic: written.telegramTopic,
      group: written.telegramGroup,
      subagent: written.subagent,
      cron: written.cron,
    };
    writeFileSync(plan, JSON.stringify({ era, sessions: sessionsFolder(home), from: next, to, texts, dieAt, slowMs }));
    const { stdout, signal } = await run(plan);
    for (const line of stdout.split("\n").filter((one) => one !== "")) {
      const [key = "", sessionId = "", file = ""] = line.split("\t");
      made.entries.set(key, { sessionId, file });
    }
    const died = deaths.shift();
    if (signal === null) break;
    made.killed += 1;
    next = (died ?? to) + 1;
    ageLock();
  }
  return made;
}

function run(plan: string): Promise<{ stdout: string; signal: NodeJS.Signals | null }> {
  const child = spawn(process.execPath, [script, plan], { stdio: ["ignore", "pipe", "inherit"] });
  let stdout = "";
  child.stdout.on("data", (data) => (stdout += data));
  return new Promise((resolve) => child.once("close", (_, signal) => resolve({ stdout, signal })));
}

/** The oldest releases wait thirty seconds for the lock of one that was killed. */
function ageLock(): void {
  const lock = `${registryPath(home)}.lock`;
  const then = Date.now() / 1000 - 40;
  if (existsSync(lock)) utimesSync(lock, then, then);
}

/** Nothing is a session being born any more. */
function letAMinutePass(): void {
  const then = Date.now() / 1000 - 120;
  for (const name of readdirSync(sessionsFolder(home)).filter((one) => one.endsWith(".jsonl")))
    utimesSync(join(sessionsFolder(home), name), then, then);
}

/** One repair is enough: nothing is left to find, and whatever was in the store leads to the same session as before. */
async function expectNoOrphans(made: Written): Promise<void> {
  expect(await validate(home)).toMatchObject({ status: 0 });
  const now = readRegistryOf(home);
  for (const [key, { sessionId }] of made.entries) expect(now[key]?.sessionId, key).toBe(sessionId);
  const led = new Set(Object.values(now).map(({ sessionId }) => sessionId));
  const ids = readdirSync(sessionsFolder(home)).flatMap(
    (name) => /^(.{36})(?:-topic-\d+)?\.jsonl$/.exec(name)?.[1] ?? [],
  );
  expect(ids.filter((id) => !led.has(id))).toEqual([]);
  expect(ids.length).toBeGreaterThan(80);
  expect(leftovers(home).filter((name) => name.includes("session-keeper"))).toEqual([]);
}

describe.each<[EraName, Record<number, string>]>([
  ["F1", { 4: "half written", 21: "between", 37: "locked", 84: "renamed" }],
  ["F2", { 4: "written", 21: "between", 37: "locked", 69: "between" }],
  ["F3b", { 4: "half written", 50: "renamed", 69: "between" }],
])("a hundred sessions of %s", (era, dieAt) => {
  it("created in ten ways, with kills in the middle, all have their entry after one repair", async () => {
    begin(era);
    const made = await create(era, 0, 100, dieAt);
    expect(made.killed).toBe(Object.keys(dieAt).length);
    letAMinutePass();
    const report = await repair(home);
    expect(report.status).toBe(0);
    const orphans = findingsOf(report).filter(({ kind }) => kind === "unregistered-transcript");
    expect(orphans.length).toBeGreaterThan(35);
    await expectNoOrphans(made);
  });
});

it("a store that was renamed away when its writer was killed comes back with all that it held", async () => {
  begin("F2");
  const made = await create("F2", 0, 100, { 99: "rotated" });
  expect(made.killed).toBe(1);
  expect(existsSync(registryPath(home))).toBe(false);
  letAMinutePass();
  expect((await repair(home)).status).toBe(0);
  await expectNoOrphans(made);
});

it("a hundred sessions that are created while repairs run all have their entry after one more, and no update of the store is lost", async () => {
  begin("F2");
  await create("F2", 0, 10);
  let isDone = false;
  const writers = Promise.all([
    create("F2", 10, 55, { 31: "between" }, 12),
    create("F2", 55, 100, { 74: "half written" }, 12),
  ]);
  void writers.finally(() => {
    isDone = true;
  });
  const entered: string[] = [];
  for (let repairs = 0; !isDone || repairs < 2; repairs += 1) {
    const report = await repair(home);
    expect([0, 1]).toContain(report.status);
    const done = actionsOf(report).filter(({ result }) => result === "done");
    entered.push(...done.map(({ detail }) => String(detail?.sessionKey)));
  }
  expect(entered.length).toBeGreaterThan(0);
  // what a writer had written over would have been entered again
  expect(new Set(entered).size).toBe(entered.length);
  const all = (await writers).flatMap(({ entries }) => [...entries]);
  letAMinutePass();
  expect((await repair(home)).status).toBe(0);
  await expectNoOrphans({ entries: new Map(all), killed: 2 });
  const now = readRegistryOf(home);
  expect([...entered].filter((key) => !(key in now))).toEqual([]);
});

describe("a hundred sessions", () => {
  it("on a disk that is full: nothing changes; once there is room, one repair enters them all", async ({ skip }) => {
    begin("F2");
    const folder = sessionsFolder(home);
    mkdirSync(folder, { recursive: true });
    skip(spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]).status !== 0, needsRoot);
    mounted.push(folder);
    const made = await create("F2", 0, 100);
    letAMinutePass();
    spawnSync("dd", ["if=/dev/zero", `of=${join(folder, "filler")}`, "bs=4k", "count=400"]);
    const before = readFileSync(registryPath(home));
    const names = readdirSync(folder);
    const failed = await repair(home);
    expect(failed.status).toBe(3);
    expect(JSON.stringify(failed)).toMatch(/the disk is full/);
    expect(readFileSync(registryPath(home)).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(names);
    rmSync(join(folder, "filler"));
    expect((await repair(home)).status).toBe(0);
    await expectNoOrphans(made);
  });

  it("whose folder may not be written: nothing changes; once it may, one repair enters them all", async ({ skip }) => {
    skip(!isRoot, needsRoot);
    begin("F2");
    const made = await create("F2", 0, 100);
    letAMinutePass();
    giveTo(home, OWNER);
    const folder = sessionsFolder(home);
    chmodSync(folder, 0o500);
    const before = readFileSync(registryPath(home));
    const names = readdirSync(folder);
    const failed = repairAsOwner();
    expect(failed.status).toBe(3);
    expect(readFileSync(registryPath(home)).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(names);
    chmodSync(folder, 0o000);
    const blind = repairAsOwner();
    expect(new Set(findingsOf(blind).map(({ kind }) => kind))).toEqual(new Set(["unreadable"]));
    chmodSync(folder, 0o700);
    expect(repairAsOwner().status).toBe(0);
    giveTo(home, 0);
    await expectNoOrphans(made);
  });
});

function repairAsOwner(): ReportDocument & { status: number | null } {
  const program = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");
  const become = [`--reuid=${OWNER}`, `--regid=${OWNER}`, "--clear-groups"];
  const argv = [...become, process.execPath, program, "validate-registry", "--repair", "--json", ...home.args];
  const { stdout, status } = spawnSync("setpriv", argv, {
    env: { PATH: process.env.PATH, HOME: home.root },
    encoding: "utf8",
  });
  return { ...(JSON.parse(stdout) as ReportDocument), status };
}
