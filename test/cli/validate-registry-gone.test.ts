import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { age, type Home, makeHome, readRegistryOf, sessionsFolder, snapshot } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { written } from "../support/unregistered.ts";
import {
  A_SESSION_EACH,
  actionsOf,
  addTalk,
  bothHomes,
  configureGateway,
  DAY,
  entryFor,
  findingsOf,
  kindsOf,
  MINUTE,
  registryPath,
  repair,
  validate,
} from "../support/validate.ts";

let home: Home;
beforeEach(() => begin("2026.4.15"));
afterEach(() => home.remove());

function begin(version: string): void {
  home?.remove();
  home = makeHome({ version });
  configureGateway(home, A_SESSION_EACH);
}

const MAIN = "agent:main:main";
const DIRECT = "agent:main:telegram:direct:700";
const GROUP = "agent:main:telegram:group:-1002003004";

/** What a registry of two sessions held, whose transcripts are there. The registry is not. */
function two(): string {
  const group = addTalk(home, { messages: [written.telegramGroup] });
  const entries = {
    [DIRECT]: entryFor(addTalk(home), { thinkingLevel: "high", kept: { a: [null] } }),
    [GROUP]: entryFor(group),
  };
  return JSON.stringify(entries, null, 2).replace('"high"', "12345678901234567890");
}

/** A file beside where the registry was, of some time ago. */
function beside(name: string, text: string, ageMs = 5 * MINUTE): void {
  writeFileSync(join(sessionsFolder(home), name), text, { mode: 0o644 });
  age(join(sessionsFolder(home), name), ageMs);
}

/** Looks, repairs, and makes sure of what holds for every registry that is gone. */
async function restore(evidence: Record<string, unknown>) {
  const before = bothHomes(home);
  const found = await validate(home);
  expect(bothHomes(home)).toEqual(before);
  expect(kindsOf(found)).toEqual(["error broken-registry"]);
  expect(findingsOf(found)[0]).toMatchObject({
    path: registryPath(home),
    agent: "main",
    evidence: { problem: "missing", repair: "restore", ...evidence },
  });
  expect(found.status).toBe(1);
  const names = readdirSync(sessionsFolder(home));
  const report = await repair(home);

  expect(actionsOf(report)).toMatchObject([{ kind: "edit-registry", result: "done", path: registryPath(home) }]);
  expect(report.status).toBe(0);
  expect(readdirSync(sessionsFolder(home)).toSorted()).toEqual([...names, "sessions.json"].toSorted());
  const { mode, uid, gid } = statSync(registryPath(home));
  const folder = statSync(sessionsFolder(home));
  expect([mode & 0o777, uid, gid]).toEqual([0o600, folder.uid, folder.gid]);
  const text = readFileSync(registryPath(home), "utf8");
  return { report, text, before };
}

describe("a registry that is gone", () => {
  test("is made of the copy that a broken-off rewrite left, to the byte, and undo takes it away again", async () => {
    const text = two();
    beside("sessions.json.bak.1770640000000", text);
    const planned = await repair(home, "--dry-run");
    expect(existsSync(registryPath(home))).toBe(false);
    expect(actionsOf(planned)).toMatchObject([{ kind: "edit-registry", result: "planned" }]);
    const { report, text: now, before } = await restore({ copies: ["sessions.json.bak.1770640000000"] });
    expect(now).toBe(text);
    expect(Number(actionsOf(report)[0]?.detail?.holdMs)).toBeLessThan(2000);
    expect(actionsOf(report)[0]?.detail).not.toHaveProperty("backup");
    const again = await repair(home);
    expect(again.installations[0]).toMatchObject({ findings: [], actions: [] });
    expect(readFileSync(registryPath(home), "utf8")).toBe(text);
    const undone = await keeperJson(["restore", "undo", report.runId, ...home.args]);
    expect(undone).toMatchObject({ status: 0, installations: [{ findings: [] }] });
    expect(existsSync(registryPath(home))).toBe(false);
    const withoutTimes = ([openclaw = {}]: Record<string, string>[]) =>
      Object.values(openclaw).map((one) => one.split(" ")[2]);
    expect(withoutTimes(bothHomes(home))).toEqual(withoutTimes(before));
  });

  test("is left by undo where its gateway wrote to it since", async () => {
    beside("sessions.json.bak", two());
    const { report } = await restore({});
    writeFileSync(registryPath(home), "{}");
    const undone = await keeperJson(["restore", "undo", report.runId, ...home.args]);
    expect(undone.status).toBe(1);
    expect(readFileSync(registryPath(home), "utf8")).toBe("{}");
  });

  test("is made of what is newest of drafts, the gateway's copies and ours", async () => {
    const [group, direct] = [addTalk(home, { messages: [written.telegramGroup] }), addTalk(home)];
    const of = (note: string) =>
      JSON.stringify({ [GROUP]: entryFor(group, { note }), [MAIN]: entryFor(direct, { note }) });
    beside("sessions.json.bak", of("a user's"), 3 * DAY);
    beside("sessions.json.bak-20260101-000000", of("ours"), 2 * DAY);
    beside("sessions.json.bak.1970640000000", of("the gateway's"), DAY);
    beside(`sessions.json.${randomUUID()}.tmp`, of("draft").slice(0, -60));
    const { text } = await restore({ savedEntries: 2, lostParts: 0 });
    expect(JSON.parse(text)).toMatchObject({ [GROUP]: { note: "draft" }, [MAIN]: { note: "the gateway's" } });
  });

  test.each(["2026.2.9", "2026.6.11"])(
    "is made of its transcripts where nothing else is left (%s)",
    async (version) => {
      begin(version);
      const group = addTalk(home, { messages: [written.telegramGroup] });
      const direct = addTalk(home);
      const { text } = await restore({ copies: [], transcripts: 2, savedEntries: 2 });
      expect(JSON.parse(text)).toMatchObject({
        [GROUP]: { sessionId: group.sessionId, repaired: true },
        [DIRECT]: { sessionId: direct.sessionId, repaired: true },
      });
    },
  );

  test("leads to the session that came after the copy, as after a reset", async () => {
    const [before, after] = [addTalk(home, { idleMs: 3 * DAY }), addTalk(home)];
    const entry = entryFor(before, {
      ...{ thinkingLevel: "high", lastTo: "telegram:700", lastChannel: "telegram", lastAccountId: "kitchen" },
      ...{ totalTokens: 99_000, cliSessionIds: { "claude-cli": randomUUID() } },
    });
    beside("sessions.json.bak", JSON.stringify({ [DIRECT]: entry }), 2 * DAY);
    await restore({ savedEntries: 2 });
    const now = readRegistryOf(home);
    expect(now[DIRECT]).toEqual({
      ...{ sessionId: after.sessionId, sessionFile: after.path, updatedAt: after.lastAt, thinkingLevel: "high" },
      ...{ lastTo: "telegram:700", lastChannel: "telegram", lastAccountId: "kitchen" },
      ...{ modelProvider: "anthropic", model: "example-model" },
      ...{ inputTokens: 10, outputTokens: 5, totalTokens: 130, cacheRead: 100, cacheWrite: 20 },
      ...{ repaired: true, repairedAt: expect.any(String), repairedReason: expect.any(String) },
    });
    expect(now[`agent:main:${before.sessionId}`]).toMatchObject({ sessionId: before.sessionId });
  });

  test("keeps the session of the copy where the other one is no later", async () => {
    const [registered, forgotten] = [addTalk(home), addTalk(home, { idleMs: 3 * DAY })];
    beside("sessions.json.bak", JSON.stringify({ [DIRECT]: entryFor(registered) }));
    await restore({ savedEntries: 2 });
    expect(readRegistryOf(home)[DIRECT]).toEqual(entryFor(registered));
    expect(readRegistryOf(home)[`agent:main:${forgotten.sessionId}`]).toBeDefined();
  });

  test("of one agent leaves the others alone", async () => {
    const other = addTalk(home, { agent: "other" });
    writeFileSync(registryPath(home, "other"), JSON.stringify({ "agent:other:main": entryFor(other) }));
    const text = readFileSync(registryPath(home, "other"), "utf8");
    beside("sessions.json.bak", two());
    await restore({});
    expect(readFileSync(registryPath(home, "other"), "utf8")).toBe(text);
  });

  test("in a place of its own is made of the copies there", async () => {
    const store = join(home.root, "stores", "{agentId}.json");
    configureGateway(home, { session: { ...A_SESSION_EACH.session, store } });
    const used = store.replace("{agentId}", "main");
    mkdirSync(join(home.root, "stores"));
    const text = two();
    writeFileSync(`${used}.bak`, text);
    const report = await repair(home);
    expect(report.status).toBe(0);
    expect(readFileSync(used, "utf8")).toBe(text);
    expect(existsSync(registryPath(home))).toBe(false);
  });
});

describe("nothing is gone", () => {
  const nothing: [string, () => void][] = [
    ["where nothing ever was", () => {}],
    ["in a home without agents", () => rmSync(join(home.openclaw, "agents"), { recursive: true })],
    ["where a first transcript is being born", () => addTalk(home, { idleMs: 20_000 })],
    ["where a first write broke off", () => beside(`sessions.json.${randomUUID()}.tmp`, '{"agent:ma')],
    ["where a later release took it over", () => beside("sessions.json.migrated-1770640000000", two())],
    ["where all there is was empty", () => beside("sessions.json.bak", "{}")],
    [
      "where SQLite holds the sessions",
      () => {
        begin("2026.9.6");
        beside("sessions.json.bak", two());
      },
    ],
  ];
  test.each(nothing)("%s", async (_, prepare) => {
    prepare();
    const before = snapshot(home.openclaw);
    const report = await repair(home);
    expect(kindsOf(report).filter((kind) => kind !== "info sqlite-era")).toEqual([]);
    expect(report.status).toBe(0);
    expect(snapshot(home.openclaw)).toEqual(before);
  });

  test("where the disk that the registries lie on may not be mounted", async () => {
    configureGateway(home, { session: { store: join(home.root, "stores", "{agentId}.json") } });
    two();
    for (const prepare of [() => {}, () => mkdirSync(join(home.root, "stores"))]) {
      prepare();
      const before = snapshot(home.root);
      const report = await validate(home);
      expect(kindsOf(report)).toEqual(Array(2).fill("warning unregistered-transcript"));
      expect(actionsOf(await repair(home))).toEqual([]);
      expect(snapshot(join(home.root, ".openclaw"))).toEqual(snapshot(home.openclaw));
      expect(Object.keys(before).filter((name) => name.startsWith("stores/"))).toEqual([]);
      expect(existsSync(join(home.root, "stores", "main.json"))).toBe(false);
    }
  });

  test("while its gateway puts a new one in its place, under its lock", async () => {
    const text = two();
    beside("sessions.json.bak.1770640000000", text);
    const payload = { pid: process.pid, createdAt: new Date().toISOString(), startedAt: Date.now() };
    writeFileSync(`${registryPath(home)}.lock`, JSON.stringify(payload));
    const looking = validate(home);
    setTimeout(() => writeFileSync(registryPath(home), text), 1000);
    expect(kindsOf(await looking)).toEqual([]);
  });
});

describe("a registry that is gone is not touched", () => {
  test("while one of its copies cannot be read", async () => {
    two();
    const copy = join(sessionsFolder(home), "sessions.json.bak");
    writeFileSync(copy, "");
    truncateSync(copy, 2 ** 30); // more than any text can be
    const report = await repair(home);
    expect(report).toMatchObject({ status: 1, installations: [{ actions: [], spared: [{ because: "unsafe" }] }] });
    expect(report.installations[0]?.spared[0]?.message).toContain(copy);
    expect(existsSync(registryPath(home))).toBe(false);
  });

  test("beside a running gateway of a release without a lock", async () => {
    begin("2026.6.11");
    beside("sessions.json.bak", two());
    const gateway = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)", "openclaw", "gateway"], {
      env: { ...process.env, OPENCLAW_STATE_DIR: home.openclaw },
    });
    await new Promise((resolve) => gateway.once("spawn", resolve));
    const before = snapshot(home.openclaw);
    const report = await repair(home);
    gateway.kill();
    await new Promise((resolve) => gateway.once("close", resolve));
    expect(report).toMatchObject({
      status: 1,
      installations: [{ actions: [], spared: [{ because: "registry-gateway-up" }] }],
    });
    expect(snapshot(home.openclaw)).toEqual(before);
  });
});
