import { randomUUID } from "node:crypto";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  addClaudeSession,
  addOpenClawSession,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import {
  A_SESSION_EACH,
  addTalk,
  bothHomes,
  DAY,
  entryFor,
  findingsOf,
  kindsOf,
  registryPath,
  validate,
} from "../support/validate.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const KEY = "agent:main:telegram:direct:700";

/** Looks, and makes sure that looking changed nothing. */
async function look(...more: string[]) {
  const before = bothHomes(home);
  const report = await validate(home, ...more);
  expect(bothHomes(home)).toEqual(before);
  return report;
}

describe("found", () => {
  test("nothing, where every entry and every transcript belong together", async () => {
    const [a, b] = [addTalk(home), addTalk(home)];
    writeRegistry(home, { "agent:main:main": entryFor(a), [KEY]: { ...entryFor(b), sessionFile: undefined } });
    const report = await look();
    expect(findingsOf(report)).toEqual([]);
    expect(report.status).toBe(0);
  });

  test("a transcript that no entry leads to", async () => {
    const orphan = addTalk(home);
    writeRegistry(home, {});
    const report = await look();
    expect(findingsOf(report)).toMatchObject([
      {
        kind: "unregistered-transcript",
        severity: "warning",
        resolved: false,
        path: orphan.path,
        agent: "main",
        sessionId: orphan.sessionId,
        evidence: { bytes: expect.any(Number), isOld: false, repair: "add-entry" },
      },
    ]);
    expect(report.status).toBe(1);
  });

  test("the same, of long ago: that is for archive", async () => {
    addTalk(home, { idleMs: 9 * DAY });
    writeRegistry(home, {});
    const report = await look();
    expect(kindsOf(report)).toEqual(["info unregistered-transcript"]);
    expect(report.status).toBe(0);
  });

  test("an entry whose transcript is gone, by id and by path", async () => {
    const there = addTalk(home);
    writeRegistry(home, {
      "agent:main:main": entryFor(there),
      [KEY]: entryFor({ sessionId: "gone-1" }),
      "agent:main:cron:1:run:2": entryFor({ sessionId: "gone-2", path: join(sessionsFolder(home), "gone-2.jsonl") }),
    });
    const report = await look();
    expect(findingsOf(report)).toMatchObject([
      {
        kind: "missing-transcript",
        severity: "warning",
        sessionKey: KEY,
        sessionId: "gone-1",
        path: registryPath(home),
      },
      { kind: "missing-transcript", severity: "warning", sessionKey: "agent:main:cron:1:run:2" },
    ]);
    expect(report.status).toBe(1);
  });

  test.each([
    ["sessionFile is null", { sessionFile: null }, "null-transcript-path"],
    ["sessionFile is blank", { sessionFile: " " }, "null-transcript-path"],
    ["transcriptPath is null", { transcriptPath: null }, "null-transcript-path"],
    ["sessionFile is a number", { sessionFile: 4 }, "corrupt-entry"],
    ["updatedAt is a text", { updatedAt: "yesterday" }, "corrupt-entry"],
    ["updatedAt is missing", { updatedAt: undefined }, "corrupt-entry"],
    ["totalTokens is a text", { totalTokens: "many" }, "corrupt-entry"],
    ["a count below nothing", { compactionCount: -1 }, "corrupt-entry"],
    ["cliSessionIds is an array", { cliSessionIds: [] }, "corrupt-entry"],
    ["chatType is an object", { chatType: {} }, "corrupt-entry"],
  ])("a field that no release writes: %s", async (_, more, kind) => {
    const session = addTalk(home);
    writeRegistry(home, { [KEY]: { ...entryFor({ ...session, path: "" }), ...more } });
    const report = await look();
    const [field] = Object.keys(more);
    expect(findingsOf(report)).toMatchObject([
      { kind, severity: "warning", sessionKey: KEY, path: registryPath(home), evidence: { field, repair: "mend" } },
    ]);
    expect(report.status).toBe(1);
  });

  test.each([
    ["empty", ""],
    ["a way out of the folder", "../../x"],
    ["a number", 7],
    ["null", null],
  ])("an id that no release accepts: %s", async (_, sessionId) => {
    writeRegistry(home, { [KEY]: { sessionId, updatedAt: Date.now() - DAY } });
    const report = await look();
    expect(kindsOf(report)).toEqual(["warning corrupt-entry"]);
    expect(findingsOf(report)[0]?.evidence).toMatchObject({ field: "sessionId", repair: "lost" });
  });

  test.each([
    ["null", null],
    ["an array", []],
    ["a text", "x"],
  ])("an entry that is no object: %s", async (_, value) => {
    writeRegistry(home, { [KEY]: value });
    const report = await look();
    expect(kindsOf(report)).toEqual(["warning corrupt-entry"]);
    expect(findingsOf(report)[0]).toMatchObject({ sessionKey: KEY });
  });

  test("a path outside the sessions folder, which releases after 2026.2.9 pass over", async () => {
    home.remove();
    home = makeHome({ version: "2026.4.15" });
    const session = addTalk(home);
    const elsewhere = join(home.root, "elsewhere.jsonl");
    writeFileSync(elsewhere, "");
    writeRegistry(home, { [KEY]: entryFor({ ...session, path: elsewhere }) });
    const report = await look();
    expect(findingsOf(report)).toMatchObject([{ kind: "corrupt-entry", evidence: { field: "sessionFile" } }]);
  });

  test("two entries that lead to one transcript", async () => {
    const session = addTalk(home);
    writeRegistry(home, { "agent:main:main": entryFor(session), [KEY]: entryFor(session) });
    const report = await look();
    expect(findingsOf(report)).toMatchObject([
      {
        kind: "shared-transcript",
        severity: "warning",
        path: session.path,
        evidence: { keys: ["agent:main:main", KEY] },
      },
    ]);
  });

  test("a binding to a session of Claude Code that is not there, while others are", async () => {
    const claude = addClaudeSession(home);
    const gone = randomUUID();
    writeRegistry(home, { "agent:main:main": boundEntry(claude.sessionId), [KEY]: boundEntry(gone) });
    const report = await look();
    expect(findingsOf(report)).toMatchObject([
      {
        kind: "stale-binding",
        severity: "warning",
        sessionKey: KEY,
        evidence: { provider: "claude-cli", session: gone },
      },
    ]);
  });

  test("a large transcript, to know of", async () => {
    const session = addOpenClawSession(home, { bytes: 600_000 });
    writeRegistry(home, { [KEY]: entryFor(session) });
    const report = await look();
    expect(kindsOf(report)).toEqual(["info large-transcript"]);
    expect(findingsOf(report)[0]).toMatchObject({ path: session.path, evidence: { limitBytes: 500_000 } });
    expect(report.status).toBe(0);
  });

  test.each([
    ["agent:main:telegram:group:-1", 49_999, []],
    ["agent:main:telegram:group:-1", 50_000, ["warning tokens-warning"]],
    ["agent:main:telegram:group:-1", 150_000, ["error tokens-critical"]],
    [KEY, 99_999, []],
    [KEY, 100_000, ["warning tokens-warning"]],
    [KEY, 150_000, ["error tokens-critical"]],
    ["agent:main:main", 149_999, []],
    ["agent:main:main", 150_000, ["warning tokens-warning"]],
    ["agent:main:main", 200_000, ["error tokens-critical"]],
  ])("how full it is, by the kind of session: %s with %i tokens", async (key, totalTokens, expected) => {
    writeRegistry(home, { [key]: entryFor(addTalk(home), { totalTokens }) });
    expect(kindsOf(await look())).toEqual(expected);
  });

  test.each([
    ["without a counter", {}, true],
    ["with one that is stale", { totalTokens: 10, totalTokensFresh: false }, true],
    ["with a fresh one", { totalTokens: 10, totalTokensFresh: true }, false],
  ])("tokens of an entry %s", async (_, more, isFound) => {
    const usage = { input: 9, output: 1, cacheRead: 179_990, cacheWrite: 0 };
    const message = { role: "assistant", content: [], usage, stopReason: "stop" };
    const last = { type: "message", id: "z", parentId: "a0", timestamp: "2026-11-20T16:30:00.000Z", message };
    writeRegistry(home, { [KEY]: entryFor(addTalk(home, { tail: [last] }), more) });
    const report = await look();
    expect(kindsOf(report)).toEqual(isFound ? ["error tokens-critical"] : []);
    if (isFound) expect(findingsOf(report)[0]?.evidence).toMatchObject({ tokens: 180_000, from: "transcript" });
  });

  test("a registry full of copies that the gateway makes anew", async () => {
    const skillsSnapshot = { prompt: "x".repeat(400_000) };
    const entries = [1, 2, 3].map((index) => [
      `agent:main:telegram:direct:${index}`,
      entryFor(addTalk(home), index < 3 ? { skillsSnapshot } : { note: "y".repeat(300_000) }),
    ]);
    writeRegistry(home, Object.fromEntries(entries));
    const report = await look();
    expect(kindsOf(report)).toEqual(["info bloated-registry"]);
    const { evidence } = findingsOf(report)[0] ?? {};
    expect(evidence).toMatchObject({ entries: 2, fields: { skillsSnapshot: evidence?.savingBytes } });
    expect(Number(evidence?.savingBytes)).toBeGreaterThan(800_000);
  });
});

test("nothing is said off a terminal when all is well, and looking is no repair", async () => {
  writeRegistry(home, { [KEY]: entryFor(addTalk(home)) });
  const { keeper } = await import("../support/keeper.ts");
  expect(await keeper(["validate-registry", ...home.args])).toMatchObject({ status: 0, stdout: "", stderr: "" });
  addTalk(home);
  const { stdout, status } = await keeper(["validate-registry", ...home.args]);
  expect(status).toBe(1);
  expect(stdout).toContain("no registry entry leads to it");
  expect(stdout).toContain("--repair");
});

test("a home of January's releases is found by its old name, and its keys are spelt as then", async () => {
  const old = join(home.root, ".clawdbot");
  renameSync(home.openclaw, old);
  rmSync(join(old, "openclaw.json"));
  const settings = { meta: { lastTouchedVersion: "2026.1.24-3" }, gateway: { port: 1 }, ...A_SESSION_EACH };
  writeFileSync(join(old, "clawdbot.json"), JSON.stringify(settings));
  const january: Home = { ...home, openclaw: old };
  const { sessionId } = addTalk(january);
  writeRegistry(january, {});
  const args = ["--gateway-log", home.log, "--state-dir", home.state];
  const report = await keeperJson(["validate-registry", "--repair", ...args], { HOME: home.root });
  expect(report).toMatchObject({ status: 0, installations: [{ era: "F1" }] });
  expect(readRegistryOf(january)["agent:main:telegram:dm:700"]?.sessionId).toBe(sessionId);
});
