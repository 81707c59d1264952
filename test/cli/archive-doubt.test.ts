import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
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
  snapshot,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson, startKeeper } from "../support/keeper.ts";
import { databaseOf, logOf } from "../support/sqlite.ts";

const DAY = 86_400_000;
const uuid = "6f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const archive = (...args: string[]) => keeperJson(["archive", ...home.args, ...args]);

function put(name: string, idleMs: number, text = '{"type":"session","id":"x"}\n') {
  const path = join(sessionsFolder(home), name);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text, { mode: 0o600 });
  age(path, idleMs);
  return path;
}

describe("a session that is idle and stays is copied before Claude Code deletes it", () => {
  const idleMs = 28 * DAY;

  test.each(["pinned", "held", "beside SQLite"])("%s", async (why) => {
    if (why === "beside SQLite") home = makeHome({ version: "2026.9.6" });
    const { path, sessionId } = addClaudeSession(home, { idleMs });
    const more = why === "pinned" ? { pinnedAt: 1 } : {};
    if (why !== "beside SQLite")
      writeRegistry(home, { "agent:main:main": boundEntry(sessionId, { updatedAt: Date.now() - idleMs, ...more }) });
    if (why === "held") {
      mkdirSync(join(home.claude, "sessions"));
      writeFileSync(join(home.claude, "sessions", `${process.pid}.json`), JSON.stringify({ sessionId }));
    }
    const report = await archive();
    expect(existsSync(path)).toBe(true);
    expect(archivesIn(join(home.claude, "session-archives")).length).toBe(1);
    expect(report.installations[0]?.findings).toContainEqual(
      expect.objectContaining({ kind: "sweep-ahead", resolved: true, path }),
    );
  });

  test("one that goes is told as both, and archived once", async () => {
    const { path } = addClaudeSession(home, { idleMs });
    const report = await archive();
    expect(existsSync(path)).toBe(false);
    expect(archivesIn(join(home.claude, "session-archives")).length).toBe(1);
    expect(report.installations[0]?.findings.map(({ kind, resolved }) => [kind, resolved])).toEqual([
      ["idle-session", true],
      ["sweep-ahead", true],
    ]);
    expect(report.status).toBe(0);
  });
});

describe("what a registry names", () => {
  test("is found behind texts with quotes and line ends in them", async () => {
    const named = addOpenClawSession(home, { idleMs: 9 * DAY });
    const checkpoint = put(`s.checkpoint.${uuid}.jsonl`, 9 * DAY);
    const { sessionId } = addOpenClawSession(home);
    writeRegistry(home, {
      "agent:main:main": {
        ...{ sessionId, updatedAt: Date.now(), subject: 'Ops "A"', prompt: "a line\n" },
        usageFamilySessionIds: [named.sessionId],
        compactionCheckpoints: [{ preCompaction: { sessionFile: checkpoint } }],
      },
    });
    await archive();
    expect(existsSync(named.path) && existsSync(checkpoint)).toBe(true);
  });

  test("keeps a session of Claude Code, too, be it a registry of another installation", async () => {
    const acp = addClaudeSession(home, { idleMs: 9 * DAY });
    writeRegistry(home, {
      "agent:main:main": {
        sessionId: "x",
        updatedAt: Date.now(),
        acp: { identity: { agentSessionId: acp.sessionId } },
      },
    });
    const other = makeHome();
    const shared = addClaudeSession(home, { idleMs: 9 * DAY });
    writeRegistry(other, { "agent:main:main": boundEntry(shared.sessionId, { updatedAt: Date.now() - 9 * DAY }) });
    writeRegistry(home, {
      ...readRegistryOf(home),
      "agent:main:b": boundEntry(shared.sessionId, { updatedAt: Date.now() - 9 * DAY }),
    });
    const config = join(home.root, "config.json5");
    const claude = { home: home.claude };
    const installations = {
      a: { openclaw: { home: home.openclaw }, claude },
      b: { openclaw: { home: other.openclaw }, claude },
    };
    writeFileSync(config, JSON.stringify({ installations }), { mode: 0o600 });
    await keeperJson(["archive", "--config", config, "--state-dir", home.state]);
    expect([acp, shared].map(({ path }) => existsSync(path))).toEqual([true, true]);
    other.remove();
  });
});

describe("as long as a registry cannot be read", () => {
  test("checkpoints and prompts stay, because it may name them", async () => {
    writeRegistry(home, {});
    writeFileSync(join(sessionsFolder(home), "sessions.json"), '{"agent:main:main": {"sess');
    const paths = [
      put(`s.checkpoint.${uuid}.jsonl`, 9 * DAY),
      put(`skills-prompts/sha256/ab/${"ab".repeat(32)}.txt`, 9 * DAY),
    ];
    await archive();
    expect(paths.map((path) => existsSync(path))).toEqual([true, true]);
  });

  test.each([
    ["is not there", () => undefined],
    [
      "lies where this host cannot see it",
      () =>
        writeFileSync(
          join(home.openclaw, "openclaw.json"),
          JSON.stringify({
            gateway: { port: 1 },
            session: { store: "/data/oc/{agentId}.json" },
            meta: { lastTouchedVersion: "2026.2.9" },
          }),
        ),
    ],
  ])("because it %s, no session counts as forgotten", async (_, prepare) => {
    const own = addOpenClawSession(home, { idleMs: 9 * DAY });
    const claude = addClaudeSession(home, { idleMs: 9 * DAY });
    prepare();
    const report = await archive();
    expect(existsSync(own.path) && existsSync(claude.path)).toBe(true);
    expect(report.installations[0]?.spared.map(({ because }) => because)).toEqual([
      "broken-registry",
      "broken-registry",
    ]);
  });

  test("a person's session that it may bind stays, though it is to be treated like the bot's", async () => {
    writeRegistry(home, {});
    writeFileSync(join(sessionsFolder(home), "sessions.json"), "");
    const { path } = addClaudeSession(home, { idleMs: 9 * DAY, project: "-home-me", entrypoint: "cli" });
    const config = join(home.root, "config.json5");
    const claude = { home: home.claude, personalSessions: "all" };
    writeFileSync(config, JSON.stringify({ installations: { a: { openclaw: { home: home.openclaw }, claude } } }), {
      mode: 0o600,
    });
    await keeperJson(["archive", "--config", config, "--state-dir", home.state]);
    expect(existsSync(path)).toBe(true);
  });
});

test("what lies beside the agents under a name that no agent can have stays", async () => {
  const copies = ["main.bak", "main (copy)", "old~"];
  const [own] = ["Kitchen_2", ...copies].map((agent) => {
    writeRegistry(home, {}, agent);
    return addOpenClawSession(home, { agent, idleMs: 20 * DAY });
  });
  const before = copies.map((agent) => snapshot(sessionsFolder(home, agent)));
  const report = await archive();
  expect(copies.map((agent) => snapshot(sessionsFolder(home, agent)))).toEqual(before);
  expect(report.installations[0]).toMatchObject({ findings: [{ kind: "idle-session", path: own?.path }], spared: [] });
  expect(existsSync(own?.path ?? "")).toBe(false);
});

test("a file that only looks like a session by its name stays", async () => {
  writeRegistry(home, {});
  const notes = put("my-notes.jsonl", 9 * DAY, '{"a":1}\n');
  const foreign = put("other.jsonl", 9 * DAY, '{"type":"session","id":"another-session-altogether"}\n');
  const report = await archive();
  expect([notes, foreign].map((path) => existsSync(path))).toEqual([true, true]);
  expect(report.installations[0]?.spared.map(({ because }) => because)).toEqual(["unsafe", "unsafe"]);
});

test("in a home of SQLite nothing is written, our own archives and leftovers included", async () => {
  home = makeHome({ version: "2026.9.6" });
  writeRegistry(home, {});
  const folder = join(home.openclaw, "session-archives");
  mkdirSync(join(folder, "openclaw", "main"), { recursive: true });
  put(`s.jsonl.session-keeper-${uuid}.draft`, DAY);
  const before = snapshot(home.openclaw);
  addClaudeSession(home, { idleMs: 28 * DAY, project: "-home-me", entrypoint: "cli" });
  await archive();
  expect(snapshot(home.openclaw)).toEqual(before);
});

test("in one whose database tells so only in the log beside it, nothing is written either", async () => {
  home = makeHome({ version: "2026.7.1" });
  const { sessionId } = addOpenClawSession(home, { idleMs: 9 * DAY });
  writeRegistry(home, { "agent:main:main": { sessionId, updatedAt: Date.now() - 9 * DAY } });
  const folder = join(home.openclaw, "agents", "main", "agent");
  mkdirSync(folder);
  writeFileSync(join(folder, "openclaw-agent.sqlite"), databaseOf(1));
  writeFileSync(join(folder, "openclaw-agent.sqlite-wal"), logOf([{ page: 1, schema: 19, commits: true }]));
  const before = snapshot(home.openclaw);
  const report = await archive();
  expect(report.installations[0]?.findings).toMatchObject([{ kind: "sqlite-era" }]);
  expect(snapshot(home.openclaw)).toEqual(before);
});

test("an entry that cannot be edited does not keep the others from it", async () => {
  const idle = [1, 2, 3].map(() => addOpenClawSession(home, { idleMs: 9 * DAY }));
  const entryOf = ({ sessionId }: { sessionId: string }) => ({ sessionId, updatedAt: Date.now() - 9 * DAY, mark: 1 });
  const registry = writeRegistry(
    home,
    Object.fromEntries(idle.map((session, index) => [`agent:main:x:direct:${index}`, entryOf(session)])),
  );
  const text = readFileSync(registry, "utf8").replace('"mark": 1', '"mark": 1,\n    "mark": 2');
  writeFileSync(registry, text);
  const report = await archive();
  expect(report.status).toBe(3);
  expect(idle.map(({ path }) => existsSync(path))).toEqual([true, false, false]);
});

test.each([
  ["sessionId, with the binding kept", "changed-since-plan"],
  ["binding, with the sessionId kept", "changed-since-plan"],
  ["sessionId and binding", "already-done"],
])("while the registry's lock is waited for, the gateway gives an entry another %s", async (what, result) => {
  const { sessionId, path } = addClaudeSession(home, { idleMs: 9 * DAY });
  const entry = boundEntry(sessionId, { updatedAt: Date.now() - 9 * DAY });
  const registry = writeRegistry(home, { "agent:main:x:direct:1": entry });
  const lock = `${registry}.lock`;
  writeFileSync(lock, JSON.stringify({ pid: process.pid, startedAt: Date.now() }));
  const { done } = startKeeper(["archive", ...home.args, "--json"]);
  await vi.waitFor(() => expect(archivesIn(home.claude)).toHaveLength(1), { timeout: 8000 });
  const newer = boundEntry(what.includes("binding, with") || what.includes("and") ? uuid : sessionId, {
    updatedAt: Date.now(),
    ...(what.startsWith("sessionId") ? {} : { sessionId: entry.sessionId }),
  });
  writeFileSync(registry, JSON.stringify({ "agent:main:x:direct:1": newer }, null, 2));
  rmSync(lock);
  const report = JSON.parse((await done).stdout);
  expect(existsSync(path)).toBe(result === "changed-since-plan");
  const edits = report.installations[0].actions.filter(({ kind }: { kind: string }) => kind === "edit-registry");
  expect(edits).toEqual([expect.objectContaining({ result })]);
  expect(readRegistryOf(home)["agent:main:x:direct:1"]).toEqual(newer);
});
