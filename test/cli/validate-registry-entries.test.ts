import { mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addClaudeSession, boundEntry, type Home, makeHome, readRegistryOf, writeRegistry } from "../support/home.ts";
import { written } from "../support/unregistered.ts";
import {
  A_SESSION_EACH,
  actionsOf,
  addTalk,
  backupsOf,
  configureGateway,
  DAY,
  entryFor,
  expectSettled,
  expectUndone,
  kindsOf,
  mtimeOf,
  registryPath,
  repair,
  textOf,
} from "../support/validate.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
  configureGateway(home, A_SESSION_EACH);
});
afterEach(() => home.remove());

const KEY = "agent:main:telegram:direct:700";

describe("entries", () => {
  const old = Date.now() - DAY;

  test("without a transcript begin anew, or go when their errand is over", async () => {
    const route = { lastChannel: "telegram", lastTo: "telegram:700", thinkingLevel: "high" };
    const lost = { sessionId: "gone", updatedAt: old, totalTokens: 7, ...route };
    const errands = ["agent:main:cron:a:run:b", "agent:main:subagent:1", "agent:main:hook:1"];
    const others = ["agent:main:main", KEY, "agent:main:telegram:group:-1", "agent:main:telegram:group:-1:topic:7"];
    const keys = [errands[0], others[0], errands[1], ...others.slice(1), errands[2]] as string[];
    writeRegistry(
      home,
      Object.fromEntries(keys.map((key) => [key, { ...lost, sessionId: `gone-${keys.indexOf(key)}` }])),
    );
    addTalk(home, { idleMs: 9 * DAY }); // the folder is no empty one
    const before = textOf(home);
    const report = await repair(home);
    expect(report.status).toBe(0);
    const now = readRegistryOf(home);
    expect(Object.keys(now)).toEqual(others);
    for (const entry of Object.values(now)) {
      expect(entry).toMatchObject(route);
      expect(entry).not.toHaveProperty("totalTokens");
      expect(entry.sessionId).not.toMatch(/^gone/);
    }
    await expectSettled(home);
    await expectUndone(home, report.runId, before);
  });

  test("that name a file that is gone, while that of their session is there, lead to it again", async () => {
    const session = addTalk(home);
    writeRegistry(home, { [KEY]: { ...entryFor(session), sessionFile: `${session.path}-gone.jsonl`, totalTokens: 7 } });
    const before = textOf(home);
    const report = await repair(home);
    expect(report.status).toBe(0);
    expect(readRegistryOf(home)[KEY]).toEqual({ ...entryFor({ ...session, path: "" }), totalTokens: 7 });
    await expectSettled(home);
    await expectUndone(home, report.runId, before);
  });

  test("lose the fields that no release writes, and keep all others", async () => {
    const [a, b, c] = [addTalk(home), addTalk(home), addTalk(home)];
    const bad = { sessionFile: null, totalTokens: "x", cliSessionIds: [], origin: 4 };
    writeRegistry(home, {
      "agent:main:main": { keep: 1, ...entryFor({ ...a, path: "" }), ...bad, more: { kept: true } },
      [KEY]: { ...entryFor(b), updatedAt: "then", sessionFile: b.path },
      "agent:main:telegram:direct:9": { ...entryFor(c), sessionId: 9 },
    });
    const before = textOf(home);
    const report = await repair(home);
    expect(report.status).toBe(0);
    const now = readRegistryOf(home);
    expect(now["agent:main:main"]).toEqual({ keep: 1, ...entryFor({ ...a, path: "" }), more: { kept: true } });
    expect(now[KEY]).toEqual({ ...entryFor(b), updatedAt: Math.floor(statSync(b.path).mtimeMs) });
    expect(now["agent:main:telegram:direct:9"]).toEqual(entryFor(c));
    expect(Object.keys(now[KEY] ?? {})).toEqual(Object.keys(entryFor(b)));
    await expectSettled(home);
    await expectUndone(home, report.runId, before);
  });

  test.each([
    ["a topic", (id: string) => `${id}-topic-5.jsonl`],
    ["a fork", (id: string) => `2026-11-20T10-00-00-000Z_${id}.jsonl`],
  ])("without an id get that of the session, not the name of its file: %s", async (_, nameOf) => {
    const sessionId = "0c1d6e6f-0f6e-4f9e-9a0b-3b1f2f6f8a11";
    const session = addTalk(home, { sessionId, name: nameOf(sessionId) });
    writeRegistry(home, { [KEY]: { ...entryFor(session), sessionId: null } });
    const report = await repair(home);
    expect(report.status).toBe(0);
    expect(readRegistryOf(home)[KEY]).toEqual(entryFor(session));
    await expectSettled(home);
  });

  test("that are no objects keep others whose names differ in case only from coming, and the next run enters these", async () => {
    const session = addTalk(home);
    writeRegistry(home, { [KEY.replace("telegram", "Telegram")]: null });
    const first = await repair(home);
    expect(actionsOf(first).map(({ result }) => result)).toEqual(["done", "changed-since-plan"]);
    await repair(home);
    const entered = Object.values(readRegistryOf(home)).filter(({ sessionId }) => sessionId === session.sessionId);
    expect(entered).toMatchObject([{ sessionFile: session.path, repaired: true }]);
    await expectSettled(home);
  });

  test("whose conversation Claude Code holds keep it, whatever else of them is wrong", async () => {
    const [a, b] = [addClaudeSession(home), addClaudeSession(home)];
    const bound = { ...boundEntry(a.sessionId), updatedAt: "then", totalTokens: "x" };
    writeRegistry(home, { [KEY]: bound, "agent:main:main": { ...boundEntry(b.sessionId), sessionId: 4 } });
    const before = textOf(home);
    const at = mtimeOf(registryPath(home));
    const report = await repair(home);
    expect(report.status).toBe(0);
    const { totalTokens, ...kept } = bound;
    const now = readRegistryOf(home);
    expect(now[KEY]).toEqual({ ...kept, updatedAt: Math.floor(at) });
    expect(now["agent:main:main"]).toMatchObject({ sessionId: expect.any(String), claudeCliSessionId: b.sessionId });
    await expectSettled(home);
    await expectUndone(home, report.runId, before);
  });

  test("stay as they are while a folder of agents cannot be read", async () => {
    writeRegistry(home, { [KEY]: { sessionId: 4, updatedAt: "then", lastTo: "x" } });
    const other = join(home.openclaw, "agents", "other");
    mkdirSync(other);
    symlinkSync("sessions", join(other, "sessions")); // leads to itself, which is no easier to read for root
    const before = textOf(home);
    const report = await repair(home);
    expect(kindsOf(report)).toContain("warning corrupt-entry");
    expect(actionsOf(report)).toEqual([]);
    expect(textOf(home)).toBe(before);
  });

  test("that are no objects are made anew, or go", async () => {
    writeRegistry(home, { "agent:main:cron:a:run:b": null, [KEY]: null, "agent:main:main": [] });
    const before = textOf(home);
    const report = await repair(home);
    expect(report.status).toBe(0);
    const now = readRegistryOf(home);
    expect(Object.keys(now)).toEqual([KEY, "agent:main:main"]);
    for (const entry of Object.values(now))
      expect(entry).toEqual({ sessionId: expect.any(String), updatedAt: expect.any(Number), systemSent: false });
    await expectSettled(home);
    await expectUndone(home, report.runId, before);
  });

  test("forget a session of Claude Code that is not there", async () => {
    const claude = addClaudeSession(home);
    const gone = "0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
    writeRegistry(home, { "agent:main:main": boundEntry(claude.sessionId), [KEY]: boundEntry(gone, { kept: 1 }) });
    const before = textOf(home);
    const report = await repair(home);
    expect(report.status).toBe(0);
    expect(textOf(home)).not.toContain(gone);
    expect(readRegistryOf(home)[KEY]).toMatchObject({ kept: 1, chatType: "direct" });
    expect(readRegistryOf(home)["agent:main:main"]).toHaveProperty("cliSessionIds");
    await expectUndone(home, report.runId, before);
  });

  test("forget only that one, where another is what their gateway believes", async () => {
    const claude = addClaudeSession(home);
    const gone = "0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
    const entry = boundEntry(claude.sessionId);
    writeRegistry(home, { [KEY]: { ...entry, claudeCliSessionId: gone } });
    const before = textOf(home);
    const report = await repair(home);
    expect(report.status).toBe(0);
    const { claudeCliSessionId: _, ...kept } = entry;
    expect(readRegistryOf(home)[KEY]).toEqual(kept);
    await expectSettled(home);
    await expectUndone(home, report.runId, before);
  });

  test("of every kind in one write", async () => {
    const session = addTalk(home);
    addTalk(home, { messages: [written.whatsappDirect] });
    addTalk(home, { messages: [written.signalDirect] });
    writeRegistry(home, {
      "agent:main:cron:a:run:b": null,
      [KEY]: entryFor({ sessionId: "gone", lastAt: old }),
      "agent:main:subagent:1": entryFor({ sessionId: "gone-2", lastAt: old }),
      "agent:main:main": { ...entryFor(session), totalTokens: "x" },
      "agent:main:hook:1": entryFor({ sessionId: "gone-3", lastAt: old }),
    });
    const before = textOf(home);
    const report = await repair(home);
    expect(report.status).toBe(0);
    expect(actionsOf(report).length).toBe(7);
    expect(Object.keys(readRegistryOf(home)).length).toBe(4);
    expect(backupsOf(home).length).toBe(1);
    await expectSettled(home);
    await expectUndone(home, report.runId, before);
  });
});
