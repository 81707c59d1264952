import { appendFileSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { configureAll } from "../support/configure.ts";
import { addClaudeSession, boundEntry, type Home, makeHome, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";

const KEY = "agent:main:main";
const TOOL = "toolu_01SharedLog";

type Bot = Home & { path: string; before: string };

/** Two bots of one user, whose gateways write into one log. The first has a break that a rejection may be about. */
let bots: Bot[];
let args: string[];
beforeEach(() => {
  bots = [[TOOL], []].map((orphans) => {
    const home = makeHome();
    const { sessionId, path } = addClaudeSession(home, { orphans });
    writeRegistry(home, { [KEY]: boundEntry(sessionId) });
    return { ...home, path, before: readFileSync(path, "utf8") };
  });
  args = configureAll(bots, () => [bots[0]?.log ?? ""]);
});
afterEach(() => {
  for (const bot of bots) bot.remove();
});

function reject(text: string): void {
  const line = `${new Date().toISOString()} lane=session:${text} unexpected tool_use_id found in tool_result blocks`;
  appendFileSync(bots[0]?.log ?? "", `${line}\n`);
}

async function condemned(...more: string[]): Promise<boolean[]> {
  const { installations } = await keeperJson(["rotate", "--dry-run", ...more, ...args]);
  return installations.map(({ findings }) =>
    findings.some(({ kind, sessionId }) => kind === "rejection-logged" && sessionId !== undefined),
  );
}

test("a key that both have condemns neither's session, also when only one of them is looked after", async () => {
  reject(KEY);
  expect(await condemned()).toEqual([false, false]);
  expect(await condemned("-i", "bot0")).toEqual([false]);
  expect(await condemned("-i", "bot1")).toEqual([false]);
});

test("with a tool id that stands in one of the two it condemns that one", async () => {
  reject(`${KEY} messages.3.content.0: ${TOOL}`);
  expect(await condemned()).toEqual([true, false]);
});

test("a key that only one of them has names its session", async () => {
  const [first] = bots;
  if (!first) throw new Error("there is no bot");
  const key = "agent:main:telegram:direct:7";
  writeRegistry(first, { [key]: boundEntry(first.path.split("/").at(-1)?.replace(".jsonl", "") ?? "") });
  reject(key);
  expect(await condemned()).toEqual([true, false]);
  expect(await condemned("-i", "bot0")).toEqual([true]);
});
