import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { condemn } from "../crash/bot.ts";
import { configure } from "../support/configure.ts";
import { NO_CONTAINER, startContainer } from "../support/container.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  boundEntry,
  type Home,
  makeHome,
  sessionsFolder,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { ago, payload } from "../support/locks.ts";

const MINUTE = 60_000;
const BIG = 3_000_000;

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

/** A bot with an OpenClaw session that is too large, and idle for so long. */
function aLargeSession(idleMs = 300_000): { sessionId: string; path: string; lock: string } {
  const session = addOpenClawSession(home, { bytes: BIG, idleMs });
  writeRegistry(home, { "agent:main:main": { sessionId: session.sessionId, updatedAt: Date.now() - idleMs } });
  return { ...session, lock: `${session.path}.lock` };
}

/**
 * Takes a lock as releases before the field `starttime` do, and holds it open until the test is over. It says that it was made
 * before its process began, as it does once the clock was set forward.
 */
async function holdAcrossAStep(lock: string): Promise<number> {
  const code = `const fs = require("node:fs");
    const fd = fs.openSync(process.env.LOCK, "wx");
    fs.writeSync(fd, JSON.stringify({ pid: process.pid, createdAt: process.env.MADE }));
    setInterval(() => fd, 1000)`;
  const owner = spawn(process.execPath, ["-e", code], { stdio: "ignore", env: { LOCK: lock, MADE: ago(10 * MINUTE) } });
  onTestFinished(() => void owner.kill("SIGKILL"));
  while (!existsSync(lock) || statSync(lock).size === 0) await sleep(20);
  const seconds = (Date.now() - 10 * MINUTE) / 1000;
  utimesSync(lock, seconds, seconds);
  return owner.pid ?? 0;
}

const busyIn = (report: ReportDocument) =>
  report.installations[0]?.actions.flatMap(({ result, message }) => (result === "busy" ? message : [])) ?? [];

describe("a live owner's lock that is older than its process by a clock that was set forward", () => {
  test.for([
    { args: ["rotate"], idleMs: 5 * MINUTE },
    { args: ["archive"], idleMs: 90 * 1440 * MINUTE },
  ])("is left by $args.0 as by clean-locks, and its session too", async ({ args, idleMs }) => {
    const { path, lock } = aLargeSession(idleMs);
    const owner = await holdAcrossAStep(lock);
    const before = [readFileSync(lock, "utf8"), readFileSync(path, "utf8")];
    const cleaned = await keeperJson(["clean-locks", ...home.args]);
    expect(cleaned.installations[0]?.spared).toMatchObject([{ because: "undecidable-lock", path: lock }]);
    const report = await keeperJson([...args, ...home.args]);
    expect(busyIn(report)).toEqual([
      `for the next run: its lock is older than process ${owner}, which has that number now, but process ${owner} has it open`,
    ]);
    expect([readFileSync(lock, "utf8"), readFileSync(path, "utf8")]).toEqual(before);
  });

  test("is not taken even from a session that is to be rotated although it is in use", async () => {
    const { sessionId, path, lock } = aLargeSession();
    await holdAcrossAStep(lock);
    const before = [readFileSync(lock, "utf8"), readFileSync(path, "utf8")];
    const report = await keeperJson(["rotate", "--session", sessionId, "--force", ...home.args]);
    expect(busyIn(report).join()).toMatch(/its lock is .* has it open/);
    expect([readFileSync(lock, "utf8"), readFileSync(path, "utf8")]).toEqual(before);
  });

  test("keeps the registry that it guards from being written", async () => {
    addOpenClawSession(home, { idleMs: 300_000 });
    const registry = writeRegistry(home, {});
    await holdAcrossAStep(`${registry}.lock`);
    const report = await keeperJson(["validate-registry", "--repair", ...home.args]);
    expect(busyIn(report).join()).toContain("has it open");
    expect(readFileSync(registry, "utf8")).toBe("{}");
  });

  test("is a turn that a restart waits for", async () => {
    const { args, restarts } = configure(home, { restartTimeout: "2s" });
    const { sessionId } = addClaudeSession(home, { bytes: 4000 });
    writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
    condemn(home);
    await holdAcrossAStep(join(sessionsFolder(home), "of-another-session.jsonl.lock"));
    const report = await keeperJson(["rotate", ...args]);
    const restart = report.installations[0]?.actions.find(({ kind }) => kind === "restart-gateway");
    expect(restart).toMatchObject({ result: "done" });
    expect(restart?.detail?.waitedMs).toBeGreaterThanOrEqual(2000);
    expect(restarts()).toBe(1);
  });
});

test("the lock of an owner in a container that the host can see stays, however old it is", async ({ skip }) => {
  skip(uptime() < 3700, "a lock of an hour ago is older than this machine's start");
  const { path, lock } = aLargeSession();
  const name = lock.slice(home.openclaw.length + 1);
  const program = `const fs = require("node:fs");
    const starttime = Number(fs.readFileSync("/proc/self/stat", "utf8").replace(/^.*\\) /s, "").split(" ")[19]);
    const createdAt = new Date(Date.now() - 2400000);
    const lock = "/home/node/.openclaw/${name}";
    fs.writeFileSync(lock, JSON.stringify({ pid: process.pid, createdAt: createdAt.toISOString(), starttime }));
    fs.utimesSync(lock, createdAt, createdAt)`;
  const container = await startContainer({ volumes: { "/home/node/.openclaw": home.openclaw }, program });
  skip(!container, NO_CONTAINER);
  const before = [readFileSync(lock, "utf8"), readFileSync(path, "utf8")];
  const report = await keeperJson(["rotate", ...home.args]);
  const [message] = busyIn(report);
  expect(message).toContain(`its lock is held by process ${container?.inner} of a container (${container?.pid} here)`);
  expect([readFileSync(lock, "utf8"), readFileSync(path, "utf8")]).toEqual(before);
});

test("while the clock is not to be trusted, the age of a lock proves nothing to those who would take it either", async () => {
  const { sessionId, path, lock } = aLargeSession();
  await keeper(["clean-locks", ...home.args]); // leaves the mark of its clocks
  const [name = ""] = readdirSync(join(home.state, "installations")).filter((one) => /^[^.]+\.json$/.test(one));
  const statePath = join(home.state, "installations", name);
  const state = JSON.parse(readFileSync(statePath, "utf8"));
  state.clocks.wallMs -= 180 * MINUTE;
  writeFileSync(statePath, JSON.stringify(state));
  writeFileSync(lock, payload({ note: "names nobody" }));
  const seconds = Date.now() / 1000 - 3600;
  utimesSync(lock, seconds, seconds);
  const bytes = statSync(path).size;
  const force = ["rotate", "--session", sessionId, "--force", ...home.args];
  expect(busyIn(await keeperJson(force)).join()).toMatch(/its lock is old and names no owner, but the clock was set/);
  expect([existsSync(lock), statSync(path).size]).toEqual([true, bytes]);
  await keeper(force);
  expect([existsSync(lock), statSync(path).size < bytes]).toEqual([false, true]);
});
