import { randomUUID } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  addClaudeSession,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  snapshot,
  writeRegistry,
} from "../support/home.ts";
import { written } from "../support/unregistered.ts";
import {
  A_SESSION_EACH,
  actionsOf,
  addTalk,
  configureGateway,
  DAY,
  entryFor,
  expectSettled,
  expectUndone,
  findingsOf,
  kindsOf,
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
const GROUP = "agent:ops:telegram:group:-1002003004";

describe("a registry that agents share", () => {
  let store: string;
  beforeEach(() => {
    home.remove();
    home = makeHome({ version: "2026.4.15" });
    store = join(home.openclaw, "all.json");
    const bindings = [{ agentId: "ops", match: { channel: "telegram", peer: { kind: "group", id: "-1002003004" } } }];
    const agents = { list: [{ id: "main", default: true }, { id: "ops" }] };
    configureGateway(home, { session: { ...A_SESSION_EACH.session, store }, agents, bindings });
  });
  const readStore = () => JSON.parse(readFileSync(store, "utf8"));

  test.each(["by their files' paths", "by their ids"])("leads %s to the sessions of each of them", async (how) => {
    const entry = (session: { sessionId: string; path: string; lastAt: number }) =>
      entryFor(how === "by their ids" ? { sessionId: session.sessionId, lastAt: session.lastAt } : session);
    const ofMain = addTalk(home);
    const ofOps = addTalk(home, { agent: "ops", messages: [written.telegramGroup] });
    const stays = addTalk(home, { agent: "ops", messages: [written.cron] });
    const entries = { [KEY]: entry(ofMain), [GROUP]: entry(ofOps), "agent:ops:main": entry(stays) };
    writeFileSync(store, JSON.stringify(entries));
    expect(findingsOf(await validate(home))).toEqual([]);
    rmSync(ofOps.path);
    expect(findingsOf(await validate(home))).toMatchObject([
      { kind: "missing-transcript", agent: "ops", sessionKey: GROUP, evidence: { expected: ofOps.path } },
    ]);
  });

  test("gets the entries that sessions of any of them have lost", async () => {
    const lost = addTalk(home, { agent: "ops", messages: [written.telegramGroup] });
    writeFileSync(store, JSON.stringify({ [KEY]: entryFor(addTalk(home)) }));
    expect((await repair(home)).status).toBe(0);
    expect(readStore()[GROUP]).toMatchObject({ sessionId: lost.sessionId, sessionFile: lost.path, repaired: true });
  });
});

describe("no finding", () => {
  test("is an empty folder of a registry that lies elsewhere: it may be where a disk is to be mounted", async () => {
    const store = join(home.root, "{agentId}.json");
    configureGateway(home, { session: { ...A_SESSION_EACH.session, store } });
    const lost = ["-1", "-2"].map((group) => [
      `agent:main:telegram:group:${group}`,
      entryFor({ sessionId: randomUUID() }),
    ]);
    const text = JSON.stringify(Object.fromEntries(lost));
    const path = store.replace("{agentId}", "main");
    writeFileSync(path, text);
    const report = await repair(home);
    expect(report.installations[0]).toMatchObject({ findings: [], actions: [] });
    expect(readFileSync(path, "utf8")).toBe(text);
    const there = addTalk(home);
    writeFileSync(path, JSON.stringify({ ...Object.fromEntries(lost), [KEY]: entryFor(there) }));
    expect(kindsOf(await validate(home))).toEqual(Array(2).fill("warning missing-transcript"));
  });

  test("is the one transcript of a job's entry and that of its run", async () => {
    const { sessionId, path, lastAt } = addTalk(home, { messages: [written.cron] });
    const job = "agent:main:cron:42fd68a5-8345-4e1d-940f-c029affea412";
    const entry = entryFor({ sessionId, path, lastAt });
    writeRegistry(home, { [job]: entry, [`${job}:run:${sessionId}`]: entry });
    expect(findingsOf(await validate(home))).toEqual([]);
    writeRegistry(home, { [job]: entry, [`${job}:run:${sessionId}`]: entry, [KEY]: entry });
    expect(kindsOf(await validate(home))).toEqual(["warning shared-transcript"]);
  });

  test("is a binding whose folder in the home of Claude Code is not there", async () => {
    const { path } = addClaudeSession(home, { project: "-home-ada-other" });
    writeRegistry(home, { [KEY]: boundEntry(randomUUID()) });
    expect(findingsOf(await validate(home))).toEqual([]);
    const folder = join(path, "..", "..", home.workspace.replace(/[^A-Za-z0-9]/g, "-"));
    mkdirSync(folder);
    expect(kindsOf(await validate(home))).toEqual(["warning stale-binding"]);
  });
});

describe("one repair is enough", () => {
  test("for an entry that only led to a session of Claude Code that is gone", async () => {
    addClaudeSession(home);
    const run = "agent:main:cron:a:run:b";
    writeRegistry(home, { [KEY]: boundEntry(randomUUID(), { kept: 1 }), [run]: boundEntry(randomUUID()) });
    const before = textOf(home);
    const report = await repair(home);
    expect(report).toMatchObject({ status: 0 });
    expect(kindsOf(report)).toEqual(Array(2).fill("warning stale-binding"));
    expect(Object.keys(readRegistryOf(home))).toEqual([KEY]);
    expect(readRegistryOf(home)[KEY]).toMatchObject({ kept: 1, systemSent: false });
    await expectSettled(home);
    await expectUndone(home, report.runId, before);
  });

  test("for an entry with bad fields and several bindings that lead nowhere", async () => {
    addClaudeSession(home);
    const [map, list] = [randomUUID(), randomUUID()];
    const entry = {
      ...entryFor(addTalk(home), { totalTokens: "x", claudeCliSessionId: map }),
      ...{
        cliSessionIds: { "claude-cli": map, other: "kept" },
        cliSessionBindings: { "claude-cli": { sessionId: list } },
      },
    };
    writeRegistry(home, { [KEY]: entry });
    const before = textOf(home);
    const report = await repair(home);
    expect(kindsOf(report).toSorted()).toEqual(["warning corrupt-entry", ...Array(2).fill("warning stale-binding")]);
    const { totalTokens, claudeCliSessionId, cliSessionBindings, ...kept } = entry as Record<string, unknown>;
    expect(readRegistryOf(home)[KEY]).toEqual({ ...kept, cliSessionIds: { other: "kept" } });
    await expectSettled(home);
    await expectUndone(home, report.runId, before);
  });
});

describe("a clock that was set by hours", () => {
  const turnClock = () => {
    const folder = join(home.state, "installations");
    for (const name of readdirSync(folder)) {
      const state = JSON.parse(readFileSync(join(folder, name), "utf8"));
      state.clocks.wallMs -= DAY;
      writeFileSync(join(folder, name), JSON.stringify(state));
    }
  };

  test("adds no entry and takes no session away; when two runs agree, both are made up for", async () => {
    writeRegistry(home, { "agent:main:main": { ...entryFor(addTalk(home)), totalTokens: "x" } });
    expect((await repair(home)).status).toBe(0);
    turnClock();
    addTalk(home);
    const lost = "agent:main:telegram:group:-1";
    writeRegistry(home, {
      ...readRegistryOf(home),
      [lost]: entryFor({ sessionId: "gone" }),
      "agent:main:hook:1": null,
    });
    const braked = await repair(home);
    expect(braked.status).toBe(1);
    expect(kindsOf(braked)).toContain("error clock-stepped");
    const spared = braked.installations[0]?.spared.map(({ because }) => because);
    expect(spared).toEqual(["clock-stepped", "clock-stepped"]);
    // what is no entry at all does not hang on its age
    expect(actionsOf(braked).map(({ result }) => result)).toEqual(["done"]);
    expect(readRegistryOf(home)[lost]?.sessionId).toBe("gone");
    expect((await repair(home)).status).toBe(0);
    expect(readRegistryOf(home)[KEY]).toMatchObject({ repaired: true });
    expect(readRegistryOf(home)[lost]).toMatchObject({ systemSent: false });
  });

  test("restores a registry that is gone from a copy, but not from transcripts alone", async () => {
    writeRegistry(home, { "agent:main:main": { ...entryFor(addTalk(home)), totalTokens: "x" } });
    expect((await repair(home)).status).toBe(0);
    for (const name of readdirSync(join(registryPath(home), "..")))
      if (name.startsWith("sessions.json")) rmSync(join(registryPath(home), "..", name));
    turnClock();
    const before = snapshot(home.openclaw);
    expect((await repair(home)).installations[0]).toMatchObject({
      actions: [],
      spared: [{ because: "clock-stepped" }],
    });
    expect(snapshot(home.openclaw)).toEqual(before);
    turnClock();
    writeFileSync(`${registryPath(home)}.bak`, JSON.stringify({ [KEY]: entryFor(addTalk(home)) }));
    expect(actionsOf(await repair(home))).toMatchObject([{ kind: "edit-registry", result: "done" }]);
  });
});
