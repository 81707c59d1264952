import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Home, makeHome, readRegistryOf, sessionsFolder, snapshot, writeRegistry } from "../support/home.ts";
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
  findingsOf,
  kindsOf,
  mtimeOf,
  registryPath,
  repair,
  textOf,
  validate,
} from "../support/validate.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
  configureGateway(home, A_SESSION_EACH);
});
afterEach(() => home.remove());

const KEY = "agent:main:telegram:direct:700";

/** The last change of the registry, set back so that another one shows. */
function setBack(): number {
  const at = Date.now() / 1000 - 3600;
  utimesSync(registryPath(home), at, at);
  return mtimeOf(registryPath(home));
}

describe("transcripts that no entry leads to", () => {
  test("three of twenty sessions get the entries that they should have, and nothing else changes", async () => {
    const entries: Record<string, unknown> = {};
    for (let index = 0; index < 17; index += 1)
      entries[`agent:main:telegram:direct:${1000 + index}`] = entryFor(addTalk(home), {
        thinkingLevel: "high",
        unknownThing: { kept: [1, null, "ünï\u2028"] },
      });
    const text = JSON.stringify(entries, null, 2).replace('"high"', "12345678901234567890.000");
    writeRegistry(home, {});
    writeFileSync(registryPath(home), text);
    chmodSync(registryPath(home), 0o640);
    const direct = addTalk(home, { messages: [written.telegramDirect, written.telegramDirect] });
    const group = addTalk(home, { messages: [written.whatsappGroup] });
    const bare = addTalk(home, { messages: [written.bare] });
    const at = setBack();

    const report = await repair(home);

    expect(kindsOf(report)).toEqual(Array(3).fill("warning unregistered-transcript"));
    expect(findingsOf(report).every(({ resolved }) => resolved)).toBe(true);
    expect(actionsOf(report).map(({ kind, result }) => [kind, result])).toEqual(
      Array(3).fill(["edit-registry", "done"]),
    );
    expect(report.status).toBe(0);
    const now = readRegistryOf(home);
    const repaired = {
      repaired: true,
      repairedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      repairedReason: expect.any(String),
    };
    expect(now[KEY]).toMatchObject({
      sessionId: direct.sessionId,
      sessionFile: direct.path,
      updatedAt: direct.lastAt,
      channel: "telegram",
      chatType: "direct",
      model: "example-model",
      ...repaired,
    });
    expect(now["agent:main:whatsapp:group:120363000000000000@g.us"]).toMatchObject({
      sessionId: group.sessionId,
      channel: "whatsapp",
      chatType: "group",
      ...repaired,
    });
    const [bareKey] = Object.entries(now).find(([, { sessionId }]) => sessionId === bare.sessionId) ?? [];
    expect(now[bareKey ?? ""]).toMatchObject({ updatedAt: bare.lastAt, model: "example-model", ...repaired });
    expect(textOf(home).startsWith(text.replace(/\n\}$/, ""))).toBe(true);
    expect(JSON.stringify(now, null, 2).split("\n").length).toBe(textOf(home).split("\n").length);
    expect(Object.keys(now).length).toBe(20);
    expect(statSync(registryPath(home)).mode & 0o777).toBe(0o640);
    expect(mtimeOf(registryPath(home))).toBeGreaterThan(at);
    const [backup = "", ...others] = backupsOf(home).map((name) => join(sessionsFolder(home), name));
    expect(others).toEqual([]);
    expect(readFileSync(backup, "utf8")).toBe(text);
    expect(statSync(backup).mode & 0o777).toBe(0o640);
    expect(actionsOf(report)[0]?.detail).toMatchObject({ backup, registry: registryPath(home) });
    expect(Number(actionsOf(report)[0]?.detail?.holdMs)).toBeLessThan(2000);
    await expectSettled(home);
    await expectUndone(home, report.runId, text);
  });

  test("never take a key that is there, however it is spelled, nor share one", async () => {
    const own = addTalk(home);
    writeRegistry(home, { [KEY.replace("direct", "DIRECT")]: entryFor(own), [KEY]: entryFor(addTalk(home)) });
    const before = textOf(home);
    const orphans = [addTalk(home), addTalk(home)];
    const report = await repair(home);
    expect(report.status).toBe(0);
    expect(textOf(home).startsWith(before.replace(/\n\}$/, ""))).toBe(true);
    const keys = Object.keys(readRegistryOf(home)).slice(2);
    expect(keys.toSorted()).toEqual(orphans.map(({ sessionId }) => `agent:main:${sessionId}`).toSorted());
    await expectSettled(home);
  });

  test("are entered in the registry that their gateway uses, not in one that it left", async () => {
    const store = join(home.openclaw, "stores", "{agentId}.json");
    configureGateway(home, { session: { ...A_SESSION_EACH.session, store } });
    mkdirSync(join(home.openclaw, "stores"));
    const used = store.replace("{agentId}", "main");
    writeFileSync(used, "{}");
    const orphan = addTalk(home);
    const report = await repair(home);
    expect(report.status).toBe(0);
    expect(JSON.parse(readFileSync(used, "utf8"))[KEY]).toMatchObject({ sessionId: orphan.sessionId });
    expect(existsSync(registryPath(home))).toBe(false);
  });

  test("are left for their gateway, which makes the registry where nothing shows that there was one", async () => {
    const store = join(home.openclaw, "stores", "{agentId}.json");
    configureGateway(home, { session: { ...A_SESSION_EACH.session, store } });
    const { path } = addTalk(home);
    const before = snapshot(home.openclaw);
    const report = await repair(home);
    expect(report).toMatchObject({
      status: 1,
      installations: [{ actions: [], spared: [{ because: "unsafe", path }] }],
    });
    expect(snapshot(home.openclaw)).toEqual(before);
  });

  test("get their entries in a large registry, too, which is held for a moment only", async () => {
    const held = Array.from({ length: 1200 }, (_, index) => [
      `agent:main:telegram:direct:${1000 + index}`,
      { sessionId: `s${index}`, updatedAt: 1, systemSent: false, note: "x".repeat(4000) },
    ]);
    writeRegistry(home, Object.fromEntries(held));
    const before = textOf(home);
    expect(before.length).toBeGreaterThan(4_500_000);
    const { sessionId } = addTalk(home);
    const report = await repair(home);
    expect(actionsOf(report)).toMatchObject([{ kind: "edit-registry", result: "done" }]);
    expect(Number(actionsOf(report)[0]?.detail?.holdMs)).toBeLessThan(2000);
    expect(readRegistryOf(home)[KEY]?.sessionId).toBe(sessionId);
    expect(textOf(home).startsWith(before.replace(/\n\}$/, ""))).toBe(true);
    await expectUndone(home, report.runId, before);
  });

  test("of long ago stay for archive", async () => {
    const { path } = addTalk(home, { idleMs: 9 * DAY });
    writeRegistry(home, {});
    const before = snapshot(home.openclaw);
    const report = await repair(home);
    expect(report.status).toBe(0);
    expect(report.installations[0]?.spared).toMatchObject([{ because: "old-orphan", path }]);
    expect(snapshot(home.openclaw)).toEqual(before);
  });

  test("wait while somebody uses them", async () => {
    const { path } = addTalk(home);
    writeRegistry(home, {});
    writeFileSync(`${path}.lock`, JSON.stringify({ pid: process.pid, createdAt: new Date().toISOString() }));
    const report = await repair(home);
    expect(actionsOf(report)).toMatchObject([{ kind: "edit-registry", result: "busy" }]);
    expect(report.status).toBe(1);
    expect(textOf(home)).toBe("{}");
    expect(backupsOf(home)).toEqual([]);
  });

  test("are only told of in a dry run", async () => {
    addTalk(home);
    writeRegistry(home, {});
    const before = snapshot(home.openclaw);
    const report = await repair(home, "--dry-run");
    expect(actionsOf(report)).toMatchObject([{ kind: "edit-registry", result: "planned" }]);
    expect(report.status).toBe(1);
    expect(snapshot(home.openclaw)).toEqual(before);
  });
});

describe("copies of the registry", () => {
  test("beyond keepBackups go, the oldest first, and only those that we made", async () => {
    const config = join(home.root, "keeper.json");
    writeFileSync(config, JSON.stringify({ registry: { keepBackups: 2 } }));
    writeRegistry(home, {});
    const foreign = ["sessions.json.bak-20260101-000000", "sessions.json.bak", "sessions.json.bak.1770640000000"];
    for (const name of foreign) writeFileSync(join(sessionsFolder(home), name), "{}");
    const made: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      addTalk(home);
      const report = await repair(home, "--config", config);
      expect(report.status).toBe(0);
      made.push(String(actionsOf(report)[0]?.detail?.backup));
    }
    expect(new Set(made).size).toBe(4);
    expect(made.map((path) => existsSync(path))).toEqual([false, false, true, true]);
    for (const name of foreign) expect(existsSync(join(sessionsFolder(home), name))).toBe(true);
  });
});

describe("registries that are not ours to write", () => {
  test("stay as they are beside a running gateway of a release without a lock, and are mended when it is down", async () => {
    home.remove();
    home = makeHome({ version: "2026.6.11" });
    configureGateway(home, A_SESSION_EACH);
    const orphan = addTalk(home);
    writeRegistry(home, { "agent:main:main": entryFor({ sessionId: "gone" }) });
    const gateway = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)", "openclaw", "gateway"], {
      env: { ...process.env, OPENCLAW_STATE_DIR: home.openclaw },
    });
    await new Promise((resolve) => gateway.once("spawn", resolve));
    const before = snapshot(home.openclaw);
    const spared = await repair(home);
    gateway.kill();
    await new Promise((resolve) => gateway.once("close", resolve));
    expect(spared).toMatchObject({
      status: 1,
      installations: [
        { era: "F3b", actions: [], spared: [{ because: "registry-gateway-up" }, { because: "registry-gateway-up" }] },
      ],
    });
    expect(spared.installations[0]?.spared.map(({ message }) => message).join("\n")).toContain("stop the gateway");
    expect(findingsOf(spared).map(({ resolved }) => resolved)).toEqual([false, false]);
    expect(snapshot(home.openclaw)).toEqual(before);
    const done = await repair(home);
    expect(done.status).toBe(0);
    expect(readRegistryOf(home)[KEY]?.sessionId).toBe(orphan.sessionId);
  });

  test("stay as they are where SQLite holds the sessions", async () => {
    home.remove();
    home = makeHome({ version: "2026.9.6" });
    addTalk(home);
    writeRegistry(home, { [KEY]: null });
    const before = snapshot(home.openclaw);
    const report = await repair(home);
    expect(report).toMatchObject({ status: 0, installations: [{ era: "S", actions: [], spared: [] }] });
    expect(kindsOf(report)).toEqual(["info sqlite-era"]);
    expect(snapshot(home.openclaw)).toEqual(before);
  });

  test("are left alone when a gateway's lock is held for too long", async () => {
    addTalk(home);
    writeRegistry(home, {});
    const payload = { pid: process.pid, createdAt: new Date().toISOString(), startedAt: Date.now() };
    writeFileSync(`${registryPath(home)}.lock`, JSON.stringify(payload));
    const report = await repair(home);
    expect(actionsOf(report)).toMatchObject([{ result: "busy" }]);
    expect(report.status).toBe(1);
    expect(textOf(home)).toBe("{}");
    expect(backupsOf(home)).toEqual([]);
    expect(kindsOf(await validate(home))).toEqual(["warning unregistered-transcript"]);
  });
});
