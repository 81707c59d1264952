import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  archivesIn,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  snapshot,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { filesOf } from "../support/undo.ts";
import {
  actionsOf,
  addTalk,
  configureGateway,
  entryFor,
  findingsOf,
  kindsOf,
  registryPath,
  repair,
  validate,
} from "../support/validate.ts";

let home: Home;
beforeEach(() => {
  home = makeHome({ version: "2026.4.15" });
});
afterEach(() => home.remove());

const GROUP = "telegram:group:-100";

/** The agents main and work; a group that is bound to work. */
function bindTheGroup(): void {
  configureGateway(home, {
    agents: { list: [{ id: "main", default: true, workspace: home.workspace }, { id: "work" }] },
    bindings: [{ agentId: "work", match: { channel: "telegram", peer: { kind: "group", id: "-100" } } }],
  });
}

/** An entry as after a message in the group. */
function groupEntry(agent: string) {
  const session = addTalk(home, { agent });
  const to = "telegram:-100";
  const route = { channel: "telegram", to, accountId: "default" };
  const entry = entryFor(session, {
    chatType: "group",
    channel: "telegram",
    groupId: "-100",
    origin: { provider: "telegram", from: "telegram:group:-100", to, accountId: "default", chatType: "group" },
    deliveryContext: route,
    lastChannel: "telegram",
    lastTo: to,
    lastAccountId: "default",
  });
  return { ...session, entry };
}

function bystanders() {
  return { "agent:main:main": entryFor(addTalk(home)), "agent:main:telegram:group:-7": entryFor(addTalk(home)) };
}

test("a session that lies with an agent who does not get its messages is told, and moved only when that is asked", async () => {
  bindTheGroup();
  const stray = groupEntry("main");
  const others = bystanders();
  const path = writeRegistry(home, { ...others, [`agent:main:${GROUP}`]: stray.entry });
  const text = readFileSync(path, "utf8");
  const before = filesOf(home);
  const history = readFileSync(stray.path);
  const found = await validate(home);
  expect(findingsOf(found)).toMatchObject([
    {
      kind: "stray-session",
      severity: "warning",
      sessionKey: `agent:main:${GROUP}`,
      agent: "main",
      evidence: { agent: "main", wanted: "work" },
    },
  ]);
  expect(found.status).toBe(1);
  const spared = await repair(home);
  expect(spared).toMatchObject({
    status: 1,
    installations: [{ actions: [], spared: [{ because: "routed-elsewhere" }] }],
  });
  expect(filesOf(home)).toEqual(before);

  const report = await repair(home, "--resolve-strays");

  expect(actionsOf(report).map(({ kind, result }) => `${kind} ${result}`)).toEqual([
    "archive-transcript done",
    "edit-registry done",
    "edit-registry done",
    "remove-transcript done",
  ]);
  expect(report.status).toBe(0);
  expect(readRegistryOf(home)).toEqual(others);
  expect(existsSync(stray.path)).toBe(false);
  const moved = join(sessionsFolder(home, "work"), `${stray.sessionId}.jsonl`);
  expect(readFileSync(moved).equals(history)).toBe(true);
  expect(readRegistryOf(home, "work")).toEqual({ [`agent:work:${GROUP}`]: { ...stray.entry, sessionFile: moved } });
  const [archive = ""] = archivesIn(join(home.openclaw, "session-archives"));
  expect(unzip(archive).equals(history)).toBe(true);
  expect(findingsOf(await repair(home, "--resolve-strays"))).toEqual([]);

  const undone = await keeperJson(["restore", "undo", report.runId, ...home.args]);
  expect(undone.status).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(text);
  expect(readFileSync(stray.path).equals(history)).toBe(true);
  expect(filesOf(home)).toEqual({ ...before, ...backupsIn(filesOf(home)) });
});

/** A repair leaves copies of the registries, which an undo does not take away. */
function backupsIn(files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).filter(([name]) => name.includes("sessions.json.bak-")));
}

test("of a conversation that two agents have, the one stays that gets its messages", async () => {
  bindTheGroup();
  const [own, other] = [groupEntry("work"), groupEntry("main")];
  const work = writeRegistry(home, { [`agent:work:${GROUP}`]: own.entry }, "work");
  writeRegistry(home, { [`agent:main:${GROUP}`]: other.entry, ...bystanders() });
  const before = readFileSync(work, "utf8");
  const found = await validate(home);
  expect(kindsOf(found).toSorted()).toEqual(["warning duplicate-session", "warning stray-session"]);
  const duplicate = findingsOf(found).find(({ kind }) => kind === "duplicate-session");
  expect(duplicate?.evidence).toMatchObject({ wanted: "work", agents: expect.arrayContaining(["main", "work"]) });
  const report = await repair(home, "--resolve-strays");
  expect(report.status).toBe(0);
  expect(actionsOf(report).filter(({ kind }) => kind === "edit-registry").length).toBe(1);
  expect(findingsOf(report).every(({ resolved }) => resolved)).toBe(true);
  expect(readFileSync(work, "utf8")).toBe(before);
  expect(existsSync(own.path)).toBe(true);
  expect(existsSync(other.path)).toBe(false);
  expect(Object.keys(readRegistryOf(home))).not.toContain(`agent:main:${GROUP}`);
});

test("a stray that somebody uses waits", async () => {
  bindTheGroup();
  const stray = groupEntry("main");
  writeRegistry(home, { [`agent:main:${GROUP}`]: stray.entry });
  writeFileSync(`${stray.path}.lock`, JSON.stringify({ pid: process.pid, createdAt: new Date().toISOString() }));
  const text = readFileSync(registryPath(home), "utf8");
  const report = await repair(home, "--resolve-strays");
  expect(actionsOf(report).map(({ result }) => result)).toContain("busy");
  expect(report.status).toBe(1);
  expect(readFileSync(registryPath(home), "utf8")).toBe(text);
  expect(existsSync(stray.path)).toBe(true);
});

test("an entry of a stray that has no transcript goes, too", async () => {
  bindTheGroup();
  const stray = groupEntry("main");
  rmSync(stray.path);
  const others = bystanders();
  writeRegistry(home, { [`agent:main:${GROUP}`]: stray.entry, ...others });
  const text = readFileSync(registryPath(home), "utf8");
  const report = await repair(home, "--resolve-strays");
  expect(
    findingsOf(report)
      .map(({ kind, resolved }) => [kind, resolved])
      .toSorted(),
  ).toEqual([
    ["missing-transcript", true],
    ["stray-session", true],
  ]);
  expect(report.status).toBe(0);
  expect(readRegistryOf(home)).toEqual(others);
  expect((await keeperJson(["restore", "undo", report.runId, ...home.args])).status).toBe(0);
  expect(readFileSync(registryPath(home), "utf8")).toBe(text);
});

test("without bindings, or with those that give each session to whom it belongs, there is nothing to move", async () => {
  writeRegistry(home, { [`agent:main:${GROUP}`]: groupEntry("main").entry, ...bystanders() });
  const before = snapshot(home.openclaw);
  expect(findingsOf(await repair(home, "--resolve-strays"))).toEqual([]);
  expect(snapshot(home.openclaw)).toEqual(before);
  bindTheGroup();
  writeRegistry(home, bystanders());
  writeRegistry(home, { [`agent:work:${GROUP}`]: groupEntry("work").entry }, "work");
  const kinds = kindsOf(await repair(home, "--resolve-strays"));
  expect(kinds.filter((kind) => /stray|duplicate/.test(kind))).toEqual([]);
});
