import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readCatalog } from "../../src/archive/catalog.ts";
import type { ReportDocument } from "../../src/report/document.ts";
import { type Bot, condemn, makeBot, until } from "../crash/bot.ts";
import { giveTo, isRoot, OWNER } from "../crash/rotate-as.ts";
import { configureAll } from "../support/configure.ts";
import {
  addClaudeSession,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson, startKeeper } from "../support/keeper.ts";

const ROTATE = ["rotate", "--strategy", "empty", "--max-size", "2KB"];

function makeBots(count: number): Bot[] {
  return Array.from({ length: count }, () => {
    const bot = makeBot();
    onTestFinished(() => bot.home.remove());
    return bot;
  });
}

/** Restarts that tell by whom they were started, or do something else in a shell. */
function withRestart(bots: Bot[], script: (home: Home, index: number) => string): string[] {
  const homes = bots.map(({ home }) => home);
  return configureAll(homes, undefined, {}, (home, index) => ({
    restart: ["sh", "-c", script(home, index), `bot${index}`],
  }));
}

const isEmptied = ({ path }: Bot) => statSync(path).size === 0;

test("what one installation waits for does not hold up another, and the report keeps the configuration's order", async ({
  skip,
}) => {
  skip(availableParallelism() < 2, "one core");
  const bots = makeBots(3);
  const [first, second, third] = bots as [Bot, Bot, Bot];
  condemn(first.home);
  const mayEnd = join(first.home.root, "may-end");
  const args = withRestart(bots, () => `until [ -e ${mayEnd} ]; do sleep 0.1; done`);
  const { done } = startKeeper([...ROTATE, "--json", ...args]);
  await until("the other two", () => isEmptied(second) && isEmptied(third));
  writeFileSync(mayEnd, "");
  const { stdout, stderr, status } = await done;
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const { installations } = JSON.parse(stdout) as ReportDocument;
  expect(installations.map(({ name, actions }) => [name, actions.at(-1)?.kind])).toEqual([
    ["bot0", "restart-gateway"],
    ["bot1", "empty-transcript"],
    ["bot2", "empty-transcript"],
  ]);
});

test("what two installations have in common is at work for one of them at a time: a home, or a restart command", async () => {
  const bots = makeBots(3);
  const [first, second, third] = bots as [Bot, Bot, Bot];
  for (const { home } of bots) condemn(home);
  const marks = join(first.home.root, "marks");
  const homes = [first.home, second.home, { ...third.home, claude: first.home.claude }];
  const restart = ["sh", "-c", `printf "<" >> ${marks}; sleep 0.4; printf ">" >> ${marks}`];
  // the third has a restart of its own, but its Claude Code home is the first one's: without waiting it would be locked
  const args = configureAll(homes, undefined, {}, (_, index) => (index < 2 ? { restart } : {}));
  const report = await keeperJson([...ROTATE, ...args]);
  expect(report.installations.map(({ failure }) => failure)).toEqual([undefined, undefined, undefined]);
  expect(readFileSync(marks, "utf8")).toBe("<><>");
  expect([isEmptied(first), isEmptied(second)]).toEqual([true, true]);
});

test("bots that were copied from one another archive into one folder at the same time", async () => {
  const first = makeBots(1)[0] as Bot;
  const homes = [0, 1, 2].map(() => {
    const home = makeHome();
    onTestFinished(home.remove);
    const { path } = addClaudeSession(home, { sessionId: first.sessionId, bytes: 6_000_000, project: "-srv-bot" });
    writeRegistry(home, { "agent:main:main": boundEntry(first.sessionId) });
    return { ...home, path };
  });
  const directory = join(first.home.root, "archives");
  const args = configureAll(homes, undefined, { archive: { directory } });
  const originals = homes.map(({ path }) => readFileSync(path, "utf8"));
  const report = await keeperJson([...ROTATE, ...args]);
  expect({ status: report.status, stderr: report.stderr }).toEqual({ status: 0, stderr: "" });
  const archives = archivesIn(directory);
  expect(archives.map((path) => unzip(path).toString()).sort()).toEqual(originals.sort());
  expect(
    readCatalog(directory)
      .map(({ source }) => source)
      .sort(),
  ).toEqual(homes.map(({ path }) => path).sort());
});

test.skipIf(!isRoot)("as root, one child process does all of an owner's installations, as him", async () => {
  const bots = makeBots(4);
  for (const [index, { home }] of bots.entries()) {
    condemn(home);
    giveTo(home, OWNER + (index % 2));
  }
  const args = withRestart(bots, (home) => `echo "$PPID $(id -u) $HOME" > ${home.root}/restarted`).slice(0, 2);
  const report = await keeperJson([...ROTATE, ...args]);
  expect({ status: report.status, stderr: report.stderr }).toEqual({ status: 0, stderr: "" });
  expect(report.installations.map(({ name }) => name)).toEqual(["bot0", "bot1", "bot2", "bot3"]);
  expect(bots.map(isEmptied)).toEqual([true, true, true, true]);
  const seen = bots.map(({ home }) => readFileSync(join(home.root, "restarted"), "utf8").trim().split(" "));
  const [pids, users, directories] = [0, 1, 2].map((at) => seen.map((words) => words[at]));
  expect(users).toEqual([OWNER, OWNER + 1, OWNER, OWNER + 1].map(String));
  expect(directories).toEqual(bots.map(({ home }) => home.root));
  expect([pids?.[2], pids?.[3]]).toEqual([pids?.[0], pids?.[1]]);
  expect(new Set(pids).size).toBe(2);
  // each home's state is where a run over that home alone would look for it
  for (const { home } of bots)
    expect(existsSync(join(home.root, ".local/state/session-keeper/journal.jsonl"))).toBe(true);
});

test.skipIf(!isRoot)(
  "of a child process that is killed, what it told before counts, and the rest is named",
  async () => {
    const bots = makeBots(3);
    const [idle, deadly, behind] = bots as [Bot, Bot, Bot];
    rmSync(idle.path);
    condemn(deadly.home);
    for (const { home } of bots) giveTo(home, OWNER);
    behind.home.claude = deadly.home.claude;
    const args = withRestart(bots, () => "sleep 1; kill -9 $PPID").slice(0, 2);
    const report = await keeperJson([...ROTATE, ...args]);
    expect(report.status).toBe(3);
    expect(report.installations.map(({ failure }) => failure?.message)).toEqual([
      undefined,
      `the process for user ${OWNER} ended without a report`,
      `the process for user ${OWNER} ended without a report`,
    ]);
  },
);

test.skipIf(!isRoot)("what the owner may not read counts as not readable, although root has read it", async () => {
  const [bot] = makeBots(1) as [Bot];
  rmSync(bot.path); // nothing to do, so that nothing is looked at a second time
  giveTo(bot.home, OWNER);
  const folder = join(bot.home.openclaw, "agents");
  spawnSync("chown", ["root:root", folder]);
  spawnSync("chmod", ["0700", folder]);
  const report = await keeperJson([...ROTATE, ...configureAll([bot.home]).slice(0, 2)]);
  expect(report.status).toBe(1);
  expect(report.installations[0]?.findings).toContainEqual(
    expect.objectContaining({ kind: "unreadable", path: folder }),
  );
});
