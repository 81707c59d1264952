import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  addClaudeSession,
  archivesIn,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { addBeside, afterMove, bindTheGroup, entryAfterMove, GROUP, groupSession, movedTo } from "../support/strays.ts";
import { filesOf } from "../support/undo.ts";
import {
  actionsOf,
  addTalk,
  configureGateway,
  entryFor,
  findingsOf,
  registryPath,
  repair,
  type Validated,
} from "../support/validate.ts";

let home: Home;
beforeEach(() => {
  home = makeHome({ version: "2026.4.15" });
  bindTheGroup(home);
});
afterEach(() => home.remove());

const [FROM, TO] = [`agent:main:${GROUP}`, `agent:work:${GROUP}`];
const bystander = (agent = "main") => ({ [`agent:${agent}:main`]: entryFor(addTalk(home, { agent })) });

function resolve(...more: string[]): Promise<Validated> {
  return repair(home, "--resolve-strays", ...more);
}

function stepsOf(report: Validated): string[] {
  return actionsOf(report).map(({ kind, result }) => `${kind} ${result}`);
}

const MOVED = ["archive-transcript done", "edit-registry done", "edit-registry done", "remove-transcript done"];
const RETIRED = ["archive-transcript done", "edit-registry done", "remove-transcript done"];

describe("a session that lies with the wrong agent", () => {
  test("goes to the right one with all that belongs to it, and comes back", async () => {
    const stray = groupSession(home, "main", { count: 0, future: { kept: [1, null, "ünï\u2028"] } });
    chmodSync(stray.path, 0o640);
    const beside = addBeside(stray);
    writeRegistry(home, { ...bystander(), [FROM]: stray.entry });
    const path = registryPath(home);
    writeFileSync(path, readFileSync(path, "utf8").replace('"count": 0', '"count" :  12345678901234567890.000'));
    const text = readFileSync(path, "utf8");
    const before = filesOf(home);
    const { mtimeMs } = statSync(stray.path);

    const report = await resolve();

    expect(stepsOf(report)).toEqual(MOVED);
    expect(report.status).toBe(0);
    expect(findingsOf(report).map(({ kind, resolved }) => [kind, resolved])).toEqual([["stray-session", true]]);
    expect(actionsOf(report)[1]).toMatchObject({
      message: "it lies with agent work now",
      detail: { agent: "work", registry: registryPath(home, "work"), sessionKey: TO, change: "move-in" },
    });
    const [, entry = ""] = /"agent:main:telegram:group:-100": ([\s\S]*\n {2}\})/.exec(text) ?? [];
    const moved = entry.replaceAll(sessionsFolder(home), sessionsFolder(home, "work"));
    expect(readFileSync(registryPath(home, "work"), "utf8")).toBe(`{\n  "${TO}": ${moved}\n}`);
    expect(statSync(registryPath(home, "work")).mode & 0o777).toBe(0o600);
    expect(statSync(sessionsFolder(home, "work")).mode & 0o777).toBe(0o700);
    const transcript = movedTo(home, "work", stray.path);
    expect(statSync(transcript)).toMatchObject({ mtimeMs: expect.closeTo(mtimeMs, 1) });
    expect(statSync(transcript).mode & 0o777).toBe(0o640);
    for (const file of [stray, ...beside]) {
      expect(existsSync(file.path)).toBe(false);
      expect(readFileSync(movedTo(home, "work", file.path), "utf8")).toBe(afterMove(home, "work", file).toString());
    }
    expect(archivesIn(home.openclaw).map(unzip)[0]?.equals(stray.original)).toBe(true);
    expect(findingsOf(await resolve())).toEqual([]);

    const undone = await keeperJson(["restore", "undo", report.runId, ...home.args]);
    expect(undone.status).toBe(0);
    const after = Object.entries(filesOf(home)).filter(([name]) => !name.includes("sessions.json.bak-"));
    expect(Object.fromEntries(after)).toEqual(before);
    expect((await keeperJson(["restore", "undo", report.runId, ...home.args])).status).toBe(0);
  });

  test("is put among the others, and is told of in words", async () => {
    const stray = groupSession(home, "main");
    writeRegistry(home, { [FROM]: stray.entry, ...bystander() });
    const others = bystander("work");
    writeRegistry(home, others, "work");
    const text = readFileSync(registryPath(home, "work"), "utf8");
    const planned = await keeper(["validate-registry", "--repair", "--resolve-strays", "--dry-run", ...home.args]);
    expect(planned.stdout).toContain("move it to agent work, who gets its messages");
    expect(readFileSync(registryPath(home, "work"), "utf8")).toBe(text);
    const report = await resolve();
    expect(report.status).toBe(0);
    expect(readRegistryOf(home, "work")).toEqual({ ...others, [TO]: entryAfterMove(home, "work", stray) });
    expect(Number(actionsOf(report)[1]?.detail?.holdMs)).toBeLessThan(2000);
    expect((await keeperJson(["restore", "undo", report.runId, ...home.args])).status).toBe(0);
    expect(readFileSync(registryPath(home, "work"), "utf8")).toBe(text);
  });

  test("goes, and another one comes from there", async () => {
    configureGateway(home, {
      bindings: [
        { agentId: "work", match: { channel: "telegram", peer: { kind: "group", id: "-100" } } },
        { agentId: "main", match: { channel: "telegram", peer: { kind: "group", id: "-200" } } },
      ],
    });
    const rename = (value: object) => JSON.parse(JSON.stringify(value).replaceAll("-100", "-200"));
    const [one, other] = [groupSession(home, "main"), groupSession(home, "work")];
    writeRegistry(home, { [FROM]: one.entry });
    writeRegistry(home, { "agent:work:telegram:group:-200": rename(other.entry) }, "work");
    const before = filesOf(home);
    const report = await resolve();
    expect(stepsOf(report)).toEqual([...MOVED, ...MOVED]);
    expect(Object.keys(readRegistryOf(home))).toEqual(["agent:main:telegram:group:-200"]);
    expect(Object.keys(readRegistryOf(home, "work"))).toEqual([TO]);
    expect((await keeperJson(["restore", "undo", report.runId, ...home.args])).status).toBe(0);
    const after = Object.entries(filesOf(home)).filter(([name]) => !name.includes("sessions.json.bak-"));
    expect(Object.fromEntries(after)).toEqual(before);
  });

  test("stays where it has gone on since, when its move is undone", async () => {
    const stray = groupSession(home, "main");
    writeRegistry(home, { [FROM]: stray.entry });
    const report = await resolve();
    const path = movedTo(home, "work", stray.path);
    writeFileSync(path, `${readFileSync(path, "utf8")}{"type":"message"}\n`);
    const moved = filesOf(home);
    const undone = await keeperJson(["restore", "undo", report.runId, ...home.args]);
    expect(undone.status).toBe(1);
    expect(
      findingsOf(undone)
        .map(({ message }) => message)
        .join(),
    ).toContain("the session goes on there");
    expect(filesOf(home)).toEqual(moved);
  });

  test("waits while somebody is at the registry of the other agent, and leaves nothing there", async () => {
    const stray = groupSession(home, "main");
    writeRegistry(home, { [FROM]: stray.entry });
    writeRegistry(home, bystander("work"), "work");
    const lock = `${registryPath(home, "work")}.lock`;
    writeFileSync(lock, JSON.stringify({ pid: process.pid, createdAt: new Date().toISOString() }));
    const before = filesOf(home);
    const report = await resolve();
    expect(stepsOf(report)).toEqual(["archive-transcript done", "edit-registry busy", "edit-registry busy"]);
    expect(report.status).toBe(1);
    expect(filesOf(home)).toEqual(before);
  });
});

describe("a session of Claude Code", () => {
  const bind = (sessionId: string) => ({ cliSessionIds: { "claude-cli": sessionId }, claudeCliSessionId: sessionId });

  test("goes along where the other agent works in the same folder, with a transcript or without", async () => {
    bindTheGroup(home, { workspace: home.workspace });
    const stray = groupSession(home, "main", bind(addClaudeSession(home).sessionId));
    const key = (agent: string, thread = 7) => `agent:${agent}:${GROUP}:topic:${thread}`;
    const sessionId = "0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
    const topic = (agent: string) => ({
      ...stray.entry,
      ...{ sessionId, lastThreadId: 7, ...bind(claude) },
      sessionFile: join(sessionsFolder(home, agent), `${sessionId}-topic-7.jsonl`), // as the gateway names it, made or not
    });
    const claude = addClaudeSession(home).sessionId;
    const { sessionFile: _, ...reset } = stray.entry;
    const fresh = { ...reset, sessionId: randomUUID(), lastThreadId: 8, systemSent: false, thinkingLevel: "high" };
    writeRegistry(home, { [FROM]: stray.entry, [key("main")]: topic("main"), [key("main", 8)]: fresh });
    const before = filesOf(home);
    const report = await resolve();
    expect(report.status).toBe(0);
    expect(readRegistryOf(home)).toEqual({});
    expect(readRegistryOf(home, "work")).toEqual({
      [TO]: entryAfterMove(home, "work", stray),
      [key("work")]: topic("work"),
      [key("work", 8)]: fresh,
    });
    expect(findingsOf(await resolve())).toEqual([]);
    expect((await keeperJson(["restore", "undo", report.runId, ...home.args])).status).toBe(0);
    const after = Object.entries(filesOf(home)).filter(([name]) => !name.includes("sessions.json.bak-"));
    expect(Object.fromEntries(after)).toEqual(before);
  });

  test("does not, where it works in another one: then the session goes into the archive, with the reason", async () => {
    const claude = addClaudeSession(home);
    const stray = groupSession(home, "main", bind(claude.sessionId));
    writeRegistry(home, { [FROM]: stray.entry, ...bystander() });
    const report = await resolve();
    expect(stepsOf(report)).toEqual(RETIRED);
    expect(actionsOf(report)[1]?.message).toContain("agent work works in another one");
    expect(report.status).toBe(0);
    expect(existsSync(claude.path)).toBe(true);
    expect(existsSync(sessionsFolder(home, "work"))).toBe(false);
  });
});

test("in a release whose registry has no lock it goes while no gateway runs", async () => {
  home.remove();
  home = makeHome({ version: "2026.6.11" });
  bindTheGroup(home);
  const stray = groupSession(home, "main");
  writeRegistry(home, { [FROM]: stray.entry });
  expect(stepsOf(await resolve())).toEqual(MOVED);
  expect(readRegistryOf(home, "work")).toEqual({ [TO]: entryAfterMove(home, "work", stray) });
});
