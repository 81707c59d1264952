import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { archivesIn } from "../support/home.ts";
import { type KeeperRun, keeper, keeperJson, startKeeper } from "../support/keeper.ts";
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

const ROTATE = ["rotate", "--strategy", "empty", "--max-size", "2KB"];

let bot: Bot;
beforeEach(() => {
  bot = makeBot();
});
afterEach(() => bot.home.remove());

function parse({ stdout }: KeeperRun): ReportDocument {
  return JSON.parse(stdout) as ReportDocument;
}

describe("a second start while a run is under way", () => {
  it("says so with 75, is silent from a crontab, and waits when asked to", async () => {
    const args = withRestart(bot.home, 3);
    condemn(bot.home);
    const first = startKeeper([...ROTATE, "--json", ...args]);
    await until("the restart", () => restartsOf(bot.home) === 1);

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
    expect(restartsOf(bot.home)).toBe(1);
    expectBotRotated(bot);
    expect(runLocks(bot.home)).toEqual([]);
  });

  it("from a crontab it speaks when the other run has lasted for more than half an hour", async () => {
    const args = withRestart(bot.home, 3);
    condemn(bot.home);
    const first = startKeeper([...ROTATE, ...args]);
    await until("the restart", () => restartsOf(bot.home) === 1);
    for (const name of readdirSync(join(bot.home.state, "locks")).filter((file) => file.endsWith(".owner"))) {
      const path = join(bot.home.state, "locks", name);
      writeFileSync(
        path,
        JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), sinceMs: Date.now() - 31 * 60_000 }),
      );
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
    const lock = lockOfALivingGateway(bot.registry);
    const before = readFileSync(lock, "utf8");
    const report = await keeperJson([...ROTATE, ...bot.home.args]);
    expect(report.status).toBe(1);
    expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "edit-registry", result: "busy" });
    expect(report.installations[0]?.actions.at(-1)?.message).toContain(`held by process ${process.pid}`);
    expect(readFileSync(lock, "utf8")).toBe(before);
    expectUntouched(bot);
    rmSync(lock);
    expect((await keeperJson([...ROTATE, ...bot.home.args])).status).toBe(0);
    expectBotRotated(bot);
  });

  it("on the transcript, of a living process: it waits, with --force not", async () => {
    const lock = lockOfALivingGateway(bot.path);
    const report = await keeperJson([...ROTATE, ...bot.home.args]);
    expect(report.status).toBe(1);
    expect(report.installations[0]?.actions.map(({ result }) => result)).toEqual(["busy"]);
    expectUntouched(bot);
    expect(archivesIn(bot.home.root)).toEqual([]);
    const forced = await keeperJson([...ROTATE, "--force", "--session", bot.sessionId, ...bot.home.args]);
    expect(forced.status).toBe(0);
    expect(existsSync(lock)).toBe(true);
    rmSync(lock);
    expectBotRotated(bot);
  });

  const dead: Record<string, () => object> = {
    "of a process that is gone": () => ({ pid: spawnSync("true").pid, createdAt: new Date().toISOString() }),
    "whose process number another has now": () => ({
      pid: process.pid,
      createdAt: new Date().toISOString(),
      starttime: 1,
    }),
    "older than the process that has its number": () => ({ pid: process.pid, createdAt: "2026-02-08T16:00:00.000Z" }),
    "of the oldest kind, of a process that is gone": () => ({ pid: spawnSync("true").pid, startedAt: Date.now() }),
  };
  it.each(Object.keys(dead))("on the registry, %s, is removed", async (kind) => {
    writeFileSync(`${bot.registry}.lock`, JSON.stringify(dead[kind]?.()));
    const begun = Date.now();
    expect((await keeperJson([...ROTATE, ...bot.home.args])).status).toBe(0);
    expect(Date.now() - begun).toBeLessThan(4000);
    expectBotRotated(bot);
  });
});
