import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { liveSessionsIn } from "../../src/inspect/live-sessions.ts";
import { NO_CONTAINER, startContainer } from "../support/container.ts";
import { age, makeHome } from "../support/home.ts";

const HOUR = 3_600_000;

function claudeHome(): { home: string; register: (pid: number, sessionId: string, ageMs?: number) => void } {
  const { claude, remove } = makeHome();
  onTestFinished(remove);
  mkdirSync(join(claude, "sessions"));
  const register = (pid: number, sessionId: string, ageMs = 0) => {
    const path = join(claude, "sessions", `${pid}.json`);
    writeFileSync(path, JSON.stringify({ pid, sessionId }));
    age(path, ageMs);
  };
  return { home: claude, register };
}

test("what a living process has registered is open; what it left behind, or somebody before it with its number, is not", () => {
  const { home, register } = claudeHome();
  const child = spawn("sleep", ["60"], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  const pid = child.pid ?? 0;
  register(pid, "live");
  register(spawnSync("true").pid, "left");
  expect([...liveSessionsIn(home, undefined)]).toEqual([
    ["live", { who: `Claude Code process ${pid} has it open`, pid }],
  ]);
  register(pid, "before", HOUR);
  expect([...liveSessionsIn(home, undefined)]).toEqual([]);
});

test("where process ids are foreign and nobody can be seen, what was registered lately may be open", () => {
  const { home, register } = claudeHome();
  register(1, "old", HOUR); // a process of this host has that number
  register(2, "lately");
  const live = liveSessionsIn(home, { sinceMs: Date.now() - HOUR / 2 });
  expect([...live]).toEqual([["lately", { who: expect.stringContaining("cannot be seen from here") }]]);
});

test("a process in a container is known by its number in there, be process ids taken for foreign or not", async ({
  skip,
}) => {
  const { home, register } = claudeHome();
  const container = await startContainer({ volumes: { "/home/node/.claude": home } });
  if (!container) return skip(NO_CONTAINER);
  register(container.inner, "live");
  register(2 ** 22 - 1, "left", 1000);
  const who = `Claude Code process ${container.inner} of a container (${container.pid} here) has it open`;
  const told = [["live", { who, pid: container.pid }]];
  expect([...liveSessionsIn(home, { sinceMs: Date.now() - HOUR })]).toEqual(told);
  await container.stop();
  expect([...liveSessionsIn(home, undefined)]).toEqual([]);
});
