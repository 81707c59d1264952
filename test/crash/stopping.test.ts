import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { archivesIn, type Home, makeHome, sessionsFolder } from "../support/home.ts";
import { type KeeperRun, keeperJson, startKeeper } from "../support/keeper.ts";
import { writeTranscript } from "../support/transcript-generator.ts";
import {
  type Bot,
  condemn,
  expectBotRotated,
  expectUntouched,
  lockOfALivingGateway,
  makeBot,
  restartsOf,
  runLocks,
  until,
  withRestart,
} from "./bot.ts";
import { giveTo, isRoot, OWNER } from "./rotate-as.ts";
import { allFiles, leftovers } from "./scene.ts";

const ROTATE = ["rotate", "--strategy", "empty", "--max-size", "2KB"];

let bot: Bot;
beforeEach(() => {
  bot = makeBot();
});
afterEach(() => bot.home.remove());

function parse({ stdout }: KeeperRun): ReportDocument {
  return JSON.parse(stdout) as ReportDocument;
}

describe("SIGTERM", () => {
  it("while it waits for the registry's lock: 143 at once, nothing lost, the run lock released", async () => {
    const lock = lockOfALivingGateway(bot.registry);
    const { child, done } = startKeeper([...ROTATE, "--json", ...bot.home.args]);
    await until("the archive", () => archivesIn(bot.home.root).length === 1);
    await sleep(300);
    const at = Date.now();
    child.kill("SIGTERM");
    const run = await done;
    expect(Date.now() - at).toBeLessThan(1500);
    expect({ status: run.status, signal: run.signal }).toEqual({ status: 143, signal: null });
    expect(parse(run).exitCode).toBe(143);
    expectUntouched(bot);
    expect(runLocks(bot.home)).toEqual([]);
    rmSync(lock);
    expect((await keeperJson([...ROTATE, ...bot.home.args])).status).toBe(0);
    expectBotRotated(bot);
  });

  it("while it writes an archive: no half archive stays", async () => {
    writeTranscript(bot.path, { dialect: "claude-code", bytes: 40_000_000, sessionId: bot.sessionId });
    bot.original = readFileSync(bot.path);
    const { child, done } = startKeeper([...ROTATE, "--json", "--force", "--session", bot.sessionId, ...bot.home.args]);
    await until("the draft", () => allFiles(bot.home.root).some((name) => name.endsWith(".partial")));
    child.kill("SIGTERM");
    const run = await done;
    expect({ status: run.status, signal: run.signal }).toEqual({ status: 143, signal: null });
    expectUntouched(bot);
    expect(archivesIn(bot.home.root)).toEqual([]);
    expect(leftovers(bot.home)).toEqual([]);
  });

  it("while it waits for another run: 143 at once", async () => {
    const args = withRestart(bot.home, 8);
    condemn(bot.home);
    const first = startKeeper([...ROTATE, ...args]);
    await until("the restart", () => restartsOf(bot.home) === 1);
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
    const args = withRestart(bot.home, 0);
    condemn(bot.home);
    const lock = lockOfALivingGateway(join(sessionsFolder(bot.home), "another.jsonl"));
    const { child, done } = startKeeper([...ROTATE, "--json", ...args]);
    await until("the emptied session", () => statSync(bot.path).size === 0);
    await sleep(600);
    child.kill("SIGTERM");
    const { status, signal } = await done;
    expect({ status, signal }).toEqual({ status: 143, signal: null });
    expect(restartsOf(bot.home)).toBe(0);
    rmSync(lock);
    const next = await keeperJson([...ROTATE, ...args]);
    expect(next.installations[0]?.actions).toMatchObject([{ kind: "restart-gateway", result: "done" }]);
    expect(restartsOf(bot.home)).toBe(1);
    expect((await keeperJson([...ROTATE, ...args])).status).toBe(0);
    expect(restartsOf(bot.home)).toBe(1);
  });

  it.skipIf(!isRoot)("as root, the child that works for another user stops too", async () => {
    giveTo(bot.home, OWNER);
    const lock = lockOfALivingGateway(bot.registry);
    const { child, done } = startKeeper([...ROTATE, "--json", ...bot.home.args]);
    await until("the archive", () => archivesIn(bot.home.root).length === 1);
    await sleep(300);
    const at = Date.now();
    child.kill("SIGTERM");
    const run = await done;
    expect(Date.now() - at).toBeLessThan(2500);
    expect({ status: run.status, signal: run.signal, stderr: run.stderr }).toEqual({
      status: 143,
      signal: null,
      stderr: "",
    });
    expect(parse(run).installations[0]?.failure).toBeUndefined();
    expectUntouched(bot);
    expect(runLocks(bot.home)).toEqual([]);
    rmSync(lock);
    expect((await keeperJson([...ROTATE, ...bot.home.args])).status).toBe(0);
    expectBotRotated(bot);
  });
});

describe("--max-runtime", () => {
  it("stops the run, leaves the rest for the next, and says so", async () => {
    const lock = lockOfALivingGateway(bot.registry);
    const begun = Date.now();
    const report = await keeperJson([...ROTATE, "--max-runtime", "2s", ...bot.home.args]);
    expect(Date.now() - begun).toBeLessThan(4500);
    expect(report.status).toBe(1);
    expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "edit-registry", result: "busy" });
    expectUntouched(bot);
    expect(runLocks(bot.home)).toEqual([]);
    rmSync(lock);
    expect((await keeperJson([...ROTATE, ...bot.home.args])).status).toBe(0);
    expectBotRotated(bot);
  });

  it("names the installations that it did not come to", async () => {
    const lock = lockOfALivingGateway(bot.registry);
    const other = makeHome();
    const installationOf = ({ openclaw, log }: Home) => ({
      openclaw: { home: openclaw },
      claude: { home: bot.home.claude }, // one after the other, because they have this in common
      gateway: { logs: [log] },
    });
    const config = join(bot.home.root, "config.json5");
    writeFileSync(config, JSON.stringify({ installations: { a: installationOf(bot.home), b: installationOf(other) } }));
    const report = await keeperJson([
      ...ROTATE,
      "--max-runtime",
      "1s",
      "--config",
      config,
      "--state-dir",
      bot.home.state,
    ]);
    other.remove();
    rmSync(lock);
    expect(report.status).toBe(3);
    expect(report.installations.map(({ failure }) => failure?.code)).toEqual([undefined, "stopped"]);
  });
});
