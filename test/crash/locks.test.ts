import { spawnSync } from "node:child_process";
import { appendFileSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startTicksOf } from "../../src/host/processes.ts";
import type { ReportDocument } from "../../src/report/document.ts";
import {
  addClaudeSession,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { type KeeperRun, keeper, keeperJson, startKeeper } from "../support/keeper.ts";
import { writeTranscript } from "../support/transcript-generator.ts";
import { allFiles, leftovers } from "./scene.ts";

const ROTATE = ["rotate", "--max-size", "2KB"];

let home: Home;
let session: { sessionId: string; path: string };
let original: Buffer;
beforeEach(() => {
  home = makeHome();
  session = addClaudeSession(home, { bytes: 4000 });
  original = readFileSync(session.path);
  writeRegistry(home, { "agent:main:main": boundEntry(session.sessionId) });
});
afterEach(() => home.remove());

/** A configuration whose restart command takes so many seconds and leaves a mark; it holds a command, so it is private. */
function withRestart(seconds: number): string[] {
  const folder = join(home.root, "etc");
  mkdirSync(folder, { mode: 0o700 });
  const program = `require("fs").appendFileSync(${JSON.stringify(join(home.root, "restarts"))}, "x"); setTimeout(() => {}, ${seconds * 1000})`;
  const gateway = { logs: [home.log], restart: [process.execPath, "-e", program] };
  const bot = { openclaw: { home: home.openclaw }, claude: { home: home.claude }, gateway };
  writeFileSync(join(folder, "config.json5"), JSON.stringify({ installations: { bot } }), { mode: 0o600 });
  return ["--config", join(folder, "config.json5"), "--state-dir", home.state];
}

function restarts(): number {
  const path = join(home.root, "restarts");
  return existsSync(path) ? readFileSync(path, "utf8").length : 0;
}

/** A line of the gateway's log in which the API rejects the session. */
function condemn(): void {
  const text = "messages.2.content.0: unexpected `tool_use_id` found in `tool_result` blocks: toolu_x";
  appendFileSync(home.log, `${new Date().toISOString()} [agent] lane=session:agent:main:main error: ${text}\n`);
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !isTrue(); await sleep(10)) if (Date.now() > end) throw new Error(`never came: ${what}`);
}

/** What a gateway that lives would have written. This process stands for it. */
function lockOfALivingGateway(file: string): string {
  const path = `${file}.lock`;
  const payload = { pid: process.pid, createdAt: new Date().toISOString(), starttime: startTicksOf(process.pid) };
  writeFileSync(path, JSON.stringify(payload, null, 2));
  return path;
}

const registry = () => join(sessionsFolder(home), "sessions.json");

function parse({ stdout }: KeeperRun): ReportDocument {
  return JSON.parse(stdout) as ReportDocument;
}

function expectUntouched(): void {
  expect(readFileSync(session.path).equals(original)).toBe(true);
  expect(readRegistryOf(home)["agent:main:main"]).toHaveProperty("claudeCliSessionId", session.sessionId);
}

function expectRotated(): void {
  expect(statSync(session.path).size).toBe(0);
  expect(readRegistryOf(home)["agent:main:main"]).not.toHaveProperty("claudeCliSessionId");
  expect(archivesIn(home.root).map((archive) => unzip(archive).equals(original))).toEqual([true]);
  expect(leftovers(home)).toEqual([]);
}

function runLocks(): string[] {
  return readdirSync(join(home.state, "locks")).filter((name) => name.endsWith(".lock"));
}

describe("a second start while a run is under way", () => {
  it("says so with 75, is silent from a crontab, and waits when asked to", async () => {
    const args = withRestart(3);
    condemn();
    const first = startKeeper([...ROTATE, "--json", ...args]);
    await until("the restart", () => restarts() === 1);

    const second = await keeperJson([...ROTATE, ...args]);
    expect(second.status).toBe(75);
    expect(second.exitCode).toBe(75);
    expect(second.stderr).toBe("");
    expect(second.installations[0]?.failure).toMatchObject({ code: "locked" });
    expect(second.installations[0]?.failure?.message).toContain(`process ${first.child.pid}`);

    const plain = await keeper([...ROTATE, ...args]);
    expect({ status: plain.status, stdout: plain.stdout }).toEqual({ status: 75, stdout: "" });
    expect(plain.stderr).toMatch(/another session-keeper run/);

    const cron = await keeper([...ROTATE, "--cron", "--wait", "0s", ...args]);
    expect(cron).toMatchObject({ status: 75, stdout: "", stderr: "" });

    const waiting = await keeper([...ROTATE, "--wait", "30s", "--json", ...args]);
    expect(waiting.status).toBe(0);
    expect(parse(waiting).installations[0]?.failure).toBeUndefined();
    expect((await first.done).status).toBe(0);
    expect(restarts()).toBe(1);
    expectRotated();
    expect(runLocks()).toEqual([]);
  });

  it("from a crontab it speaks when the other run has lasted for more than half an hour", async () => {
    const args = withRestart(3);
    condemn();
    const first = startKeeper([...ROTATE, ...args]);
    await until("the restart", () => restarts() === 1);
    for (const name of readdirSync(join(home.state, "locks")).filter((file) => file.endsWith(".owner"))) {
      const path = join(home.state, "locks", name);
      writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), sinceMs: Date.now() - 31 * 60_000 }));
    }
    const cron = await keeper([...ROTATE, "--cron", "--wait", "0s", ...args]);
    expect(cron.status).toBe(75);
    expect(cron.stderr).toMatch(/another session-keeper run/);
    first.child.kill("SIGTERM");
    await first.done;
  });
});

describe("a gateway's lock", () => {
  it("on the registry, of a living process: busy, nothing lost, the next run does it", async () => {
    const lock = lockOfALivingGateway(registry());
    const before = readFileSync(lock, "utf8");
    const report = await keeperJson([...ROTATE, ...home.args]);
    expect(report.status).toBe(1);
    expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "edit-registry", result: "busy" });
    expect(report.installations[0]?.actions.at(-1)?.message).toContain(`held by process ${process.pid}`);
    expect(readFileSync(lock, "utf8")).toBe(before);
    expectUntouched();
    rmSync(lock);
    expect((await keeperJson([...ROTATE, ...home.args])).status).toBe(0);
    expectRotated();
  });

  it("on the transcript, of a living process: it waits, with --force not", async () => {
    const lock = lockOfALivingGateway(session.path);
    const report = await keeperJson([...ROTATE, ...home.args]);
    expect(report.status).toBe(1);
    expect(report.installations[0]?.actions.map(({ result }) => result)).toEqual(["busy"]);
    expectUntouched();
    expect(archivesIn(home.root)).toEqual([]);
    const forced = await keeperJson([...ROTATE, "--force", "--session", session.sessionId, ...home.args]);
    expect(forced.status).toBe(0);
    expect(existsSync(lock)).toBe(true);
    rmSync(lock);
    expectRotated();
  });

  const dead: Record<string, () => object> = {
    "of a process that is gone": () => ({ pid: spawnSync("true").pid, createdAt: new Date().toISOString() }),
    "whose process number another has now": () => ({ pid: process.pid, createdAt: new Date().toISOString(), starttime: 1 }),
    "older than the process that has its number": () => ({ pid: process.pid, createdAt: "2026-02-08T16:00:00.000Z" }),
    "of the oldest kind, of a process that is gone": () => ({ pid: spawnSync("true").pid, startedAt: Date.now() }),
  };
  it.each(Object.keys(dead))("on the registry, %s, is removed", async (kind) => {
    writeFileSync(`${registry()}.lock`, JSON.stringify(dead[kind]?.()));
    const begun = Date.now();
    expect((await keeperJson([...ROTATE, ...home.args])).status).toBe(0);
    expect(Date.now() - begun).toBeLessThan(4000);
    expectRotated();
  });
});

describe("SIGTERM", () => {
  it("while it waits for the registry's lock: 143 at once, nothing lost, the run lock released", async () => {
    const lock = lockOfALivingGateway(registry());
    const { child, done } = startKeeper([...ROTATE, "--json", ...home.args]);
    await until("the archive", () => archivesIn(home.root).length === 1);
    await sleep(300);
    const at = Date.now();
    child.kill("SIGTERM");
    const run = await done;
    expect(Date.now() - at).toBeLessThan(1500);
    expect({ status: run.status, signal: run.signal }).toEqual({ status: 143, signal: null });
    expect(parse(run).exitCode).toBe(143);
    expectUntouched();
    expect(runLocks()).toEqual([]);
    rmSync(lock);
    expect((await keeperJson([...ROTATE, ...home.args])).status).toBe(0);
    expectRotated();
  });

  it("while it writes an archive: no half archive stays", async () => {
    writeTranscript(session.path, { dialect: "claude-code", bytes: 40_000_000, sessionId: session.sessionId });
    original = readFileSync(session.path);
    const { child, done } = startKeeper([...ROTATE, "--json", "--force", "--session", session.sessionId, ...home.args]);
    await until("the draft", () => allFiles(home.root).some((name) => name.endsWith(".partial")));
    child.kill("SIGTERM");
    const run = await done;
    expect({ status: run.status, signal: run.signal }).toEqual({ status: 143, signal: null });
    expectUntouched();
    expect(archivesIn(home.root)).toEqual([]);
    expect(leftovers(home)).toEqual([]);
  });

  it("while it waits for another run: 143 at once", async () => {
    const args = withRestart(8);
    condemn();
    const first = startKeeper([...ROTATE, ...args]);
    await until("the restart", () => restarts() === 1);
    const second = startKeeper([...ROTATE, "--wait", "30s", "--json", ...args]);
    await sleep(1000);
    const at = Date.now();
    second.child.kill("SIGTERM");
    const { status, signal } = await second.done;
    expect({ status, signal }).toEqual({ status: 143, signal: null });
    expect(Date.now() - at).toBeLessThan(1500);
    first.child.kill("SIGTERM");
    await first.done;
  });

  it("while it waits for turns to end before the restart: no restart then, but in the next run", async () => {
    const args = withRestart(0);
    condemn();
    const lock = lockOfALivingGateway(join(sessionsFolder(home), "another.jsonl"));
    const { child, done } = startKeeper([...ROTATE, "--json", ...args]);
    await until("the emptied session", () => statSync(session.path).size === 0);
    await sleep(600);
    child.kill("SIGTERM");
    const { status, signal } = await done;
    expect({ status, signal }).toEqual({ status: 143, signal: null });
    expect(restarts()).toBe(0);
    rmSync(lock);
    const next = await keeperJson([...ROTATE, ...args]);
    expect(next.installations[0]?.actions).toMatchObject([{ kind: "restart-gateway", result: "done" }]);
    expect(restarts()).toBe(1);
    expect((await keeperJson([...ROTATE, ...args])).status).toBe(0);
    expect(restarts()).toBe(1);
  });

  it.skipIf(process.geteuid?.() !== 0)("as root, the child that works for another user stops too", async () => {
    for (const name of ["", ...allFiles(home.root)]) chownSync(join(home.root, name), 12_345, 12_345);
    const lock = lockOfALivingGateway(registry());
    const { child, done } = startKeeper([...ROTATE, "--json", ...home.args]);
    await until("the archive", () => archivesIn(home.root).length === 1);
    await sleep(300);
    child.kill("SIGTERM");
    const run = await done;
    expect({ status: run.status, signal: run.signal, stderr: run.stderr }).toEqual({ status: 143, signal: null, stderr: "" });
    expect(parse(run).installations[0]?.failure).toBeUndefined();
    expectUntouched();
    expect(runLocks()).toEqual([]);
    rmSync(lock);
    expect((await keeperJson([...ROTATE, ...home.args])).status).toBe(0);
    expectRotated();
  });
});

describe("--max-runtime", () => {
  it("stops the run, leaves the rest for the next, and says so", async () => {
    const lock = lockOfALivingGateway(registry());
    const begun = Date.now();
    const report = await keeperJson([...ROTATE, "--max-runtime", "2s", ...home.args]);
    expect(Date.now() - begun).toBeLessThan(4500);
    expect(report.status).toBe(1);
    expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "edit-registry", result: "busy" });
    expectUntouched();
    expect(runLocks()).toEqual([]);
    rmSync(lock);
    expect((await keeperJson([...ROTATE, ...home.args])).status).toBe(0);
    expectRotated();
  });
});
