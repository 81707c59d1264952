import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import { openDyingDisk } from "../support/dying-disk.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  age,
  boundEntry,
  type Home,
  makeHome,
  sessionsFolder,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { undoSession } from "../support/sidecars.ts";

const DAY = 86_400_000;

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

/** Every file of both homes outside the archives: bytes, mode, and the time of change but for registries. */
function filesOf({ openclaw, claude }: Home): Record<string, string> {
  return Object.fromEntries(
    [openclaw, claude].flatMap((root) =>
      (readdirSync(root, { recursive: true }) as string[])
        .filter((name) => !name.startsWith("session-archives") && statSync(join(root, name)).isFile())
        .sort()
        .map((name) => {
          const path = join(root, name);
          const { mtimeMs, mode } = statSync(path);
          const time = name.endsWith("sessions.json") ? "" : mtimeMs;
          return [path, `${time} ${mode} ${readFileSync(path).toString("base64")}`];
        }),
    ),
  );
}

test("an undo brings back every file and every entry of a registry as it was", async () => {
  const entries: Record<string, unknown> = {};
  const add = (key: string, more: Record<string, unknown> = {}) => {
    const { sessionId, path } = addOpenClawSession(home, { idleMs: 9 * DAY });
    entries[key] = { sessionId, updatedAt: Date.now() - 9 * DAY, sessionFile: path, big: 1, ...more };
  };
  add("agent:main:subagent:1");
  add("agent:main:subagent:2");
  add("agent:main:telegram:direct:1", { lastTo: "x", totalTokens: 4 });
  add("agent:main:cron:a:run:1");
  add("agent:main:main");
  add("agent:main:telegram:group:-4", { displayName: "ünï\u2028" });
  add("agent:main:hook:1");
  add("agent:main:hook:2");
  const claude = addClaudeSession(home, { idleMs: 9 * DAY });
  entries["agent:main:bound"] = boundEntry(claude.sessionId, { updatedAt: Date.now() - 9 * DAY });
  const registry = writeRegistry(home, entries);
  const text = readFileSync(registry, "utf8").replace('"big": 1', '"big": 12345678901234567890');
  writeFileSync(registry, text);
  addOpenClawSession(home, { idleMs: 9 * DAY });
  const deleted = join(sessionsFolder(home), "old.jsonl.deleted.2026-01-09T12-00-00.000Z");
  writeFileSync(deleted, "any bytes, none of them a row");
  age(deleted, 20 * DAY);
  const before = filesOf(home);
  const changedAt = statSync(registry).mtimeMs;

  const archived = await keeperJson(["archive", ...home.args]);
  expect(archived.status).toBe(0);
  expect(Object.keys(filesOf(home)).length).toBe(Object.keys(before).length - 11);
  const undone = await keeperJson(["restore", "undo", archived.runId, ...home.args]);

  expect(undone.installations[0]?.findings).toEqual([]);
  expect(undone.status).toBe(0);
  expect(filesOf(home)).toEqual(before);
  expect(statSync(registry).mtimeMs).toBeGreaterThan(changedAt);
});

test.each([
  ["all of them", ["subagent:1", "cron:a:run:1"]],
  ["the first", ["subagent:1", "main"]],
  ["the last", ["main", "subagent:1"]],
  ["two in the middle", ["main", "hook:1", "hook:2", "direct:1"]],
  ["the last two", ["main", "hook:1", "hook:2"]],
])("entries that went come back into their places: %s", async (_, keys) => {
  const entries = Object.fromEntries(
    keys.map((key) => {
      const { sessionId } = addOpenClawSession(home, { idleMs: 9 * DAY });
      return [`agent:main:${key}`, { sessionId, updatedAt: Date.now() - 9 * DAY }];
    }),
  );
  const registry = writeRegistry(home, entries);
  const before = readFileSync(registry, "utf8");
  const { runId } = await keeperJson(["archive", ...home.args]);
  expect(readFileSync(registry, "utf8")).not.toBe(before);
  await keeperJson(["restore", "undo", runId, ...home.args]);
  expect(readFileSync(registry, "utf8")).toBe(before);
});

test("an entry that came anew under the same key is left alone, and so is the session that went", async () => {
  const { sessionId, path } = addOpenClawSession(home, { idleMs: 9 * DAY });
  const entry = { sessionId, updatedAt: Date.now() - 9 * DAY };
  const registry = writeRegistry(home, { "agent:main:hook:1": entry, "agent:main:x": {} });
  const { runId } = await keeperJson(["archive", ...home.args]);
  const now = { "agent:main:hook:1": { sessionId: "another", updatedAt: 1 } };
  writeFileSync(registry, JSON.stringify(now));
  const undone = await keeperJson(["restore", "undo", runId, ...home.args]);
  expect(undone.status).toBe(1);
  expect(undone.installations[0]?.findings).toMatchObject([{ kind: "not-undone", path }]);
  expect(JSON.parse(readFileSync(registry, "utf8"))).toEqual(now);
  expect(readdirSync(sessionsFolder(home))).not.toContain(path.slice(path.lastIndexOf("/") + 1));
});

/** Registers idle sessions, every second of them of an errand that is over, and archives them. */
async function archiveMany(
  count: number,
): Promise<{ runId: string; registry: string; before: Record<string, string> }> {
  const entries = Object.fromEntries(
    Array.from({ length: count }, (_, at) => {
      const { sessionId, path } = addOpenClawSession(home, { idleMs: 9 * DAY });
      const key = at % 2 === 0 ? `agent:main:subagent:${at}` : `agent:main:telegram:direct:${at}`;
      return [key, { sessionId, updatedAt: Date.now() - 9 * DAY, sessionFile: path }];
    }),
  );
  const registry = writeRegistry(home, entries);
  const before = filesOf(home);
  const { runId } = await keeperJson(["archive", ...home.args]);
  return { runId, registry, before };
}

test("the entries of many sessions come back in one write of their registry", async () => {
  const { runId, registry, before } = await archiveMany(12);
  const real = openDisk();
  let writes = 0;
  const rename: typeof real.rename = (from, to) => {
    if (to === registry) writes += 1;
    real.rename(from, to);
  };
  const outcomes = await undoSession(home, runId, { ...real, rename });
  expect(outcomes.map(({ kind, result }) => `${kind} ${result}`)).toEqual(
    Array.from({ length: 12 }, () => ["remove-transcript done", "edit-registry done"]).flat(),
  );
  expect(writes).toBe(1);
  expect(filesOf(home)).toEqual(before);
});

test("of many sessions only the one whose entry was changed since is left", async () => {
  const { runId, registry } = await archiveMany(6);
  const text = readFileSync(registry, "utf8");
  const own = Object.keys(JSON.parse(text))[1] ?? "";
  const now = JSON.parse(text);
  now[own].updatedAt += 1;
  writeFileSync(registry, JSON.stringify(now, null, 2));
  const undone = await keeperJson(["restore", "undo", runId, ...home.args]);
  expect(undone.installations[0]?.findings).toMatchObject([
    { kind: "not-undone", evidence: { step: "edit-registry" } },
  ]);
  const after = JSON.parse(readFileSync(registry, "utf8"));
  expect(Object.keys(after)).toHaveLength(6);
  expect(after[own]).toEqual(now[own]);
  expect(readdirSync(sessionsFolder(home)).filter((name) => name.endsWith(".jsonl"))).toHaveLength(5);
});

test("an undo of many sessions that is stopped leaves no session without its entry", async () => {
  const { runId, registry, before } = await archiveMany(8);
  const real = openDisk();
  const stop = new AbortController();
  let back = 0;
  const link: typeof real.link = (from, to) => {
    real.link(from, to);
    if (to.endsWith(".jsonl")) back += 1;
    if (back === 3) stop.abort(new Error("stopped"));
  };
  const outcomes = await undoSession(home, runId, { ...real, link }, stop.signal);
  const ofResult = (result: string) => outcomes.filter((outcome) => outcome.result === result).length;
  expect({ done: ofResult("done"), stopped: ofResult("blocked") }).toEqual({ done: 6, stopped: 5 });
  const claims = readFileSync(registry, "utf8");
  const there = readdirSync(sessionsFolder(home)).filter((name) => name.endsWith(".jsonl"));
  expect(there.map((name) => claims.includes(basename(name, ".jsonl")))).toEqual([true, true, true]);
  await undoSession(home, runId);
  expect(filesOf(home)).toEqual(before);
});

test("an undo of many sessions that is killed anywhere is finished by the next one", { timeout: 120_000 }, async () => {
  const { runId, before: all } = await archiveMany(4);
  const ofSessions = (files: Record<string, string>) =>
    Object.entries(files).filter(([path]) => path.startsWith(sessionsFolder(home)));
  const before = ofSessions(all);
  const kept = `${home.root}-kept`;
  cpSync(home.root, kept, { recursive: true, preserveTimestamps: true });
  try {
    const alive = openDyingDisk(Number.POSITIVE_INFINITY);
    await undoSession(home, runId, alive.disk);
    expect(ofSessions(filesOf(home))).toEqual(before);
    for (let most = 1; most < alive.calls(); most += 3) {
      rmSync(home.root, { recursive: true });
      cpSync(kept, home.root, { recursive: true, preserveTimestamps: true });
      await undoSession(home, runId, openDyingDisk(most).disk).catch(() => undefined);
      // their owner lives on in a test
      for (const name of readdirSync(sessionsFolder(home)))
        if (name.endsWith(".lock")) rmSync(join(sessionsFolder(home), name));
      const undone = await keeperJson(["restore", "undo", runId, ...home.args]);
      expect(undone.installations[0]?.findings).toEqual([]);
      expect(ofSessions(filesOf(home))).toEqual(before);
    }
  } finally {
    rmSync(kept, { recursive: true });
  }
});

test.each(["entry", "transcript of OpenClaw", "transcript of Claude Code"])(
  "what keeps one transcript of a conversation keeps both: its %s was used since",
  async (used) => {
    const claude = addClaudeSession(home, { idleMs: 9 * DAY });
    const own = addOpenClawSession(home, { idleMs: 9 * DAY });
    const updatedAt = Date.now() - 9 * DAY;
    const bound = boundEntry(claude.sessionId, { sessionId: own.sessionId, updatedAt });
    const registry = writeRegistry(home, { "agent:main:main": bound });
    const before = filesOf(home);
    const { runId } = await keeperJson(["archive", ...home.args]);
    const archived = readFileSync(registry, "utf8");
    const taken = { "transcript of OpenClaw": own.path, "transcript of Claude Code": claude.path }[used];
    if (taken) writeFileSync(taken, "another\n");
    else writeFileSync(registry, archived.replace(/"updatedAt": \d+/, '"updatedAt": 5'));
    const now = filesOf(home);

    const undone = await keeperJson(["restore", "undo", runId, ...home.args]);
    expect(undone.status).toBe(1);
    expect(undone.installations[0]?.findings).toMatchObject([{ kind: "not-undone" }]);
    expect(undone.installations[0]?.actions).toEqual([]);
    expect(filesOf(home)).toEqual(now);

    if (taken) rmSync(taken);
    else writeFileSync(registry, archived);
    await keeperJson(["restore", "undo", runId, ...home.args]);
    expect(existsSync(claude.path) && existsSync(own.path)).toBe(true);
    expect(filesOf(home)).toEqual(before);
  },
);
