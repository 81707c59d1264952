import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { catalogPathOf } from "../../src/archive/catalog.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  age,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";

const DAY = 86_400_000;

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const archive = (...args: string[]) => keeperJson(["archive", ...home.args, ...args]);
const archivesOf = (place: string) => archivesIn(join(place, "session-archives"));

/** An OpenClaw session with its registry entry, idle for so long. */
function addRegistered(key: string, idleMs: number, more: Record<string, unknown> = {}) {
  const session = addOpenClawSession(home, { idleMs });
  const entry = { sessionId: session.sessionId, updatedAt: Date.now() - idleMs, sessionFile: session.path, ...more };
  return { ...session, key, entry };
}

describe("idle sessions", () => {
  test("are archived and removed; who may write again gets a fresh start, and what ran an errand goes", async () => {
    const dm = addRegistered("agent:main:telegram:direct:49", 6 * DAY, {
      lastTo: "telegram:49",
      totalTokens: 123,
      model: "m",
    });
    const group = addRegistered("agent:main:telegram:group:-1", 9 * DAY);
    const cron = addRegistered("agent:main:cron:daily:run:1", 6 * DAY);
    const hook = addRegistered("agent:main:hook:gmail:7", 6 * DAY);
    const sub = addRegistered("agent:main:subagent:77", 6 * DAY);
    const fresh = addRegistered("agent:main:main", 4 * DAY);
    const all = [dm, cron, group, hook, sub, fresh];
    writeRegistry(home, Object.fromEntries(all.map(({ key, entry }) => [key, entry])));
    const before = new Map(all.map(({ path }) => [path, readFileSync(path)]));

    const report = await archive();

    expect(report.status).toBe(0);
    const idle = report.installations[0]?.findings.filter(({ kind }) => kind === "idle-session");
    expect(idle?.map(({ severity, resolved }) => [severity, resolved])).toEqual(Array(5).fill(["info", true]));
    expect(existsSync(fresh.path)).toBe(true);
    const registry = readRegistryOf(home);
    expect(Object.keys(registry)).toEqual([dm.key, group.key, fresh.key]);
    expect(registry[dm.key]).toMatchObject({ lastTo: "telegram:49", model: "m" });
    expect(registry[dm.key]?.sessionId).not.toBe(dm.sessionId);
    expect(registry[dm.key]).not.toHaveProperty("totalTokens");
    expect(registry[dm.key]).not.toHaveProperty("sessionFile");
    expect(registry[fresh.key]).toEqual(fresh.entry);
    const archives = report.installations[0]?.actions.filter(({ kind }) => kind === "archive-transcript") ?? [];
    for (const { path, detail } of archives) {
      expect(existsSync(path ?? "")).toBe(false);
      expect(unzip(String(detail?.archive))).toEqual(before.get(path ?? ""));
      expect(statSync(String(detail?.archive)).mode & 0o777).toBe(0o600);
    }
    expect(archives.length).toBe(5);
    const again = await archive();
    expect(again.installations[0]).toMatchObject({ findings: [], actions: [], spared: [] });
    expect(again.status).toBe(0);
    const listed = await keeperJson(["restore", "list", ...home.args]);
    expect(listed.installations[0]?.archives?.map(({ keptBy }) => keptBy)).toEqual(
      Array(5).fill(["last-copy", "last", "within"]),
    );
  });

  test("are so only when the last row, the time of change and the registry agree", async () => {
    const touched = addRegistered("agent:main:a:direct:1", 6 * DAY);
    age(touched.path, DAY);
    const updated = addRegistered("agent:main:a:direct:2", 6 * DAY, { updatedAt: Date.now() - DAY });
    const written = addRegistered("agent:main:a:direct:3", 2 * DAY, { updatedAt: Date.now() - 6 * DAY });
    age(written.path, 6 * DAY);
    writeRegistry(home, Object.fromEntries([touched, updated, written].map(({ key, entry }) => [key, entry])));
    const report = await archive();
    expect(report.installations[0]).toMatchObject({ findings: [], actions: [] });
  });

  test("a pinned one stays, and one whose lock is held waits", async () => {
    const pinned = addRegistered("agent:main:a:direct:1", 60 * DAY, { pinnedAt: 1 });
    const held = addRegistered("agent:main:a:direct:2", 60 * DAY);
    writeRegistry(home, Object.fromEntries([pinned, held].map(({ key, entry }) => [key, entry])));
    writeFileSync(`${held.path}.lock`, JSON.stringify({ pid: process.pid, createdAt: new Date().toISOString() }));
    const report = await archive();
    expect(report.installations[0]?.spared).toMatchObject([{ because: "pinned", path: pinned.path }]);
    expect(report.installations[0]?.actions).toMatchObject([{ result: "busy", path: held.path }]);
    expect(existsSync(pinned.path) && existsSync(held.path)).toBe(true);
    expect(archivesOf(home.openclaw)).toEqual([]);
  });

  test("the two transcripts of one conversation share its fate", async () => {
    const claude = addClaudeSession(home, { idleMs: 6 * DAY });
    const own = addOpenClawSession(home, { idleMs: 6 * DAY });
    const entry = boundEntry(claude.sessionId, { sessionId: own.sessionId, updatedAt: Date.now() - 6 * DAY });
    writeRegistry(home, { "agent:main:main": entry });
    age(claude.path, DAY);
    expect((await archive()).installations[0]?.actions).toEqual([]);

    age(claude.path, 6 * DAY);
    const report = await archive();
    expect(report.status).toBe(0);
    expect(existsSync(claude.path) || existsSync(own.path)).toBe(false);
    expect(archivesOf(home.claude).length).toBe(1);
    expect(archivesOf(home.openclaw).length).toBe(1);
    const [now] = Object.values(readRegistryOf(home));
    expect(now).not.toHaveProperty("cliSessionIds");
    expect(now).not.toHaveProperty("claudeCliSessionId");
    expect(now?.sessionId).not.toBe(own.sessionId);
  });

  test("personal ones stay, unless their owner wants them treated like the bot's", async () => {
    const personal = addClaudeSession(home, { idleMs: 9 * DAY, project: "-home-me-work", entrypoint: "cli" });
    expect((await archive()).installations[0]).toMatchObject({ findings: [], actions: [], spared: [] });
    const config = join(home.root, "config.json5");
    const installations = {
      me: { openclaw: false, claude: { home: home.claude, personalSessions: "all" } },
    };
    writeFileSync(config, JSON.stringify({ installations }), { mode: 0o600 });
    await keeperJson(["archive", "--config", config, "--state-dir", home.state]);
    expect(existsSync(personal.path)).toBe(false);
  });

  test("--inactive-for says how long is long", async () => {
    const { path, key, entry } = addRegistered("agent:main:main", 2 * DAY);
    writeRegistry(home, { [key]: entry });
    expect((await archive("--inactive-for", "3d")).installations[0]?.actions).toEqual([]);
    await archive("--inactive-for", "1d");
    expect(existsSync(path)).toBe(false);
    const wrong = await keeper(["archive", ...home.args, "--inactive-for", "5"]);
    expect(wrong.status).toBe(2);
    expect(wrong.stderr).toContain("--inactive-for");
  });

  test("one that no entry leads to goes too, but not while a registry names it", async () => {
    const forgotten = addOpenClawSession(home, { idleMs: 9 * DAY });
    const named = addOpenClawSession(home, { idleMs: 9 * DAY });
    const { key, entry } = addRegistered("agent:main:main", DAY, { usageFamilySessionIds: [named.sessionId] });
    writeRegistry(home, { [key]: entry });
    const report = await archive();
    expect(existsSync(forgotten.path)).toBe(false);
    expect(existsSync(named.path)).toBe(true);
    expect(report.installations[0]?.spared).toMatchObject([{ because: "referenced", path: named.path }]);
  });

  test("where the gateway prunes by itself, that part is left to it", async () => {
    writeFileSync(
      join(home.openclaw, "openclaw.json"),
      JSON.stringify({
        meta: { lastTouchedVersion: "2026.4.15" },
        gateway: { port: 1 },
        session: { maintenance: { mode: "enforce" } },
      }),
    );
    const own = addRegistered("agent:main:main", 9 * DAY);
    const group = addRegistered("agent:main:telegram:group:-1", 9 * DAY);
    writeRegistry(home, Object.fromEntries([own, group].map(({ key, entry }) => [key, entry])));
    const deleted = join(sessionsFolder(home), "old.jsonl.deleted.2026-01-09T12-00-00.000Z");
    writeFileSync(deleted, '{"type":"session","id":"old"}\n');
    age(deleted, 20 * DAY);
    const report = await archive();
    expect(report.installations[0]?.spared).toMatchObject([{ because: "prunes-itself", path: own.path }]);
    expect(existsSync(group.path)).toBe(false);
    expect(existsSync(deleted)).toBe(true);
    expect(archivesOf(home.openclaw).length).toBe(2);
    expect((await archive()).installations[0]?.actions).toEqual([]);
  });

  test("nothing is done by age in a run that finds the clock stepped", async () => {
    const { path, key, entry } = addRegistered("agent:main:main", 9 * DAY);
    writeRegistry(home, { [key]: entry });
    await keeper(["clean-locks", ...home.args]); // leaves the mark of its clocks
    const statePath = join(home.state, "installations", stateFile());
    const state = JSON.parse(readFileSync(statePath, "utf8"));
    state.clocks.wallMs -= 3 * 3_600_000;
    writeFileSync(statePath, JSON.stringify(state));
    const report = await archive();
    expect(report.status).toBe(1);
    expect(existsSync(path)).toBe(true);
    expect(report.installations[0]?.spared).toMatchObject([{ because: "clock-stepped" }]);
  });
});

function stateFile(): string {
  return readdirSync(join(home.state, "installations")).find((name) => /^[^.]+\.json$/.test(name)) ?? "";
}

test("a sizeable session that lives is told, with how fast it grows", async () => {
  const { key, entry } = addRegistered("agent:main:main", 1000);
  const big = addClaudeSession(home, { bytes: 3_000_000, idleMs: 1000 });
  writeRegistry(home, { [key]: { ...entry, ...boundEntry(big.sessionId), sessionId: entry.sessionId } });
  const report = await archive();
  expect(report.status).toBe(1);
  expect(report.installations[0]?.findings).toMatchObject([
    { kind: "oversized", severity: "warning", path: big.path, resolved: false },
  ]);
});

test("a dry run changes nothing and tells what would be done", async () => {
  const { path, key, entry } = addRegistered("agent:main:main", 9 * DAY);
  writeRegistry(home, { [key]: entry });
  const report = await archive("--dry-run");
  expect(report.installations[0]?.actions.map(({ kind, result }) => [kind, result])).toEqual([
    ["archive-transcript", "planned"],
    ["edit-registry", "planned"],
    ["remove-transcript", "planned"],
  ]);
  expect(existsSync(path)).toBe(true);
  expect(existsSync(home.state)).toBe(false);
  expect(existsSync(catalogPathOf(join(home.openclaw, "session-archives")))).toBe(false);
});

test("what lies beside a session goes along into an archive of its own, and comes back with it", async () => {
  const claude = addClaudeSession(home, { idleMs: 9 * DAY });
  const folder = claude.path.replace(/\.jsonl$/, "");
  const output = join(folder, "tool-results", "big.txt");
  mkdirSync(join(folder, "tool-results"), { recursive: true });
  writeFileSync(output, "a long output", { mode: 0o600 });
  age(output, 9 * DAY);
  const report = await archive();
  expect(report.status).toBe(0);
  expect(existsSync(folder)).toBe(false);
  const [made] = report.installations[0]?.actions ?? [];
  const { archive: beside } = (made?.detail?.sidecars ?? {}) as { archive: string };
  expect(beside).toMatch(/\.idle\.sidecars\.tar\.gz$/);
  expect(execFileSync("tar", ["tzf", beside], { encoding: "utf8" })).toContain("tool-results/big.txt");
  expect((await keeperJson(["restore", "verify", ...home.args])).status).toBe(0);
  await keeperJson(["restore", "undo", report.runId, ...home.args]);
  expect(readFileSync(output, "utf8")).toBe("a long output");
  expect(existsSync(claude.path)).toBe(true);
});

test("a topic's transcript that its entry names as a container does belongs to that entry", async () => {
  const topic = addOpenClawSession(home, { sessionId: "6f0c1d6e-topic-12", idleMs: 9 * DAY });
  const key = "agent:main:telegram:group:-1:topic:12";
  const sessionFile = "/home/node/.openclaw/agents/main/sessions/6f0c1d6e-topic-12.jsonl";
  const entry = { sessionId: "another", updatedAt: Date.now() - 9 * DAY, sessionFile };
  writeRegistry(home, { [key]: { ...entry, updatedAt: Date.now() - DAY } });
  await archive();
  expect(existsSync(topic.path)).toBe(true);
  writeRegistry(home, { [key]: entry });
  await archive();
  expect(existsSync(topic.path)).toBe(false);
  expect(readRegistryOf(home)[key]).not.toHaveProperty("sessionFile");
});

test("a topic whose name is spelt for a file belongs to its entry, too", async () => {
  const topic = addOpenClawSession(home, { sessionId: "6f0c1d6e-topic-%24abc%3Aexample.org", idleMs: 9 * DAY });
  const key = "agent:main:matrix:channel:!room:example.org:thread:$abc";
  writeRegistry(home, { [key]: { sessionId: "6f0c1d6e", updatedAt: Date.now() - 9 * DAY, sessionFile: topic.path } });
  const looked = await keeperJson(["validate-registry", ...home.args]);
  expect(looked.installations[0]?.findings.filter(({ severity }) => severity !== "info")).toEqual([]);
  const report = await archive();
  expect(existsSync(topic.path)).toBe(false);
  expect(readRegistryOf(home)[key]).not.toHaveProperty("sessionFile");
  await keeperJson(["restore", "undo", report.runId, ...home.args]);
  expect(existsSync(topic.path)).toBe(true);
});
