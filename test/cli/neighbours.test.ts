import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { addClaudeSession, boundEntry, type Home, makeHome, sessionsFolder, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";

const DAY = 86_400_000;

let [jarvis, friday]: Home[] = [];
let args: string[];

/** Two bots that work in the same workspace and the same Claude Code home. */
beforeEach(() => {
  jarvis = makeHome();
  friday = makeHome();
  writeRegistry(jarvis, {});
  const folder = join(jarvis.root, "etc");
  mkdirSync(folder, { mode: 0o700 });
  const claude = { home: jarvis.claude, personalSessions: "all" };
  const { workspace } = jarvis;
  const of = (home: Home) => ({
    openclaw: { home: home.openclaw },
    claude,
    workspace,
    gateway: { logs: [jarvis?.log] },
  });
  const file = join(folder, "config.json5");
  writeFileSync(file, JSON.stringify({ installations: { jarvis: of(jarvis), friday: of(friday) } }), { mode: 0o600 });
  args = ["--config", file, "--state-dir", jarvis.state];
});
afterEach(() => {
  for (const home of [jarvis, friday]) home?.remove();
});

const theHomes = () => {
  if (!jarvis || !friday) throw new Error("there are no homes");
  return { jarvis, friday };
};

test("a session in a workspace that two bots share may be bound in the database of the one that has one", async () => {
  const { jarvis, friday } = theHomes();
  writeFileSync(
    join(friday.openclaw, "openclaw.json"),
    JSON.stringify({ meta: { lastTouchedVersion: "2026.9.6" }, gateway: { port: 1 } }),
  );
  const { path } = addClaudeSession(jarvis, { idleMs: 9 * DAY });
  for (const more of [[], ["-i", "jarvis"]]) {
    await keeperJson(["archive", ...args, ...more]);
    expect(existsSync(path)).toBe(true);
  }
});

test("an undo puts entries back by the rules of the bot whose they are, whoever comes first", async () => {
  const { jarvis, friday } = theHomes();
  const { sessionId, path } = addClaudeSession(jarvis, { idleMs: 9 * DAY });
  const registry = writeRegistry(friday, {
    "agent:main:main": boundEntry(sessionId, { updatedAt: Date.now() - 9 * DAY }),
  });
  const before = readFileSync(registry, "utf8");
  const { runId } = await keeperJson(["archive", ...args]);
  expect(existsSync(path)).toBe(false);
  const after = readFileSync(registry, "utf8");
  const release = (lastTouchedVersion: string) =>
    writeFileSync(
      join(friday.openclaw, "openclaw.json"),
      JSON.stringify({ meta: { lastTouchedVersion }, gateway: { port: 1 } }),
    );
  release("2026.8.1");
  for (const more of [[], ["-i", "jarvis"]]) {
    const refused = await keeperJson(["restore", "undo", runId, ...args, ...more]);
    expect(refused.status).toBe(1);
    expect([readFileSync(registry, "utf8"), existsSync(path)]).toEqual([after, false]);
  }
  release("2026.2.9");
  const undone = await keeperJson(["restore", "undo", runId, ...args]);
  expect(undone.installations.map(({ actions }) => actions.length)).toEqual([0, 2]);
  expect([undone.status, readFileSync(registry, "utf8"), existsSync(path)]).toEqual([0, before, true]);
});

/** How the other bot may be out of sight, and what is typed then. */
const situations: [how: string, args: string[], prepare: (friday: Home) => void][] = [
  ["is left out", ["-i", "jarvis"], () => undefined],
  ["fails", [], ({ openclaw }) => renameSync(openclaw, `${openclaw}-elsewhere`)],
  ["is left out, and fails", ["-i", "jarvis"], ({ openclaw }) => renameSync(openclaw, `${openclaw}-elsewhere`)],
  ["has a broken registry", [], tear],
  ["is left out, and has a broken registry", ["-i", "jarvis"], tear],
  ["has lost its registry", [], (home) => rmSync(join(sessionsFolder(home), "sessions.json"))],
  [
    "is an empty mount",
    [],
    ({ openclaw }) => {
      renameSync(openclaw, `${openclaw}-elsewhere`);
      mkdirSync(openclaw);
    },
  ],
];

function tear(home: Home): void {
  writeFileSync(join(sessionsFolder(home), "sessions.json"), '{"agent:main:main": {"sess');
}

describe.each(situations)("what another bot binds in a shared home stays while that one %s", (how, more, prepare) => {
  const because = how === "is left out" ? [] : ["broken-registry"];

  test("idle", async () => {
    const { jarvis, friday } = theHomes();
    const { sessionId, path } = addClaudeSession(jarvis, { idleMs: 9 * DAY });
    const personal = addClaudeSession(jarvis, { idleMs: 9 * DAY, project: "-home-me", entrypoint: "cli" });
    const own = addClaudeSession(jarvis, { idleMs: 9 * DAY });
    const entryOf = (id: string) => boundEntry(id, { updatedAt: Date.now() - 9 * DAY });
    writeRegistry(jarvis, { "agent:main:x:direct:1": entryOf(own.sessionId) });
    writeRegistry(friday, {
      "agent:main:main": { ...entryOf(sessionId), pinnedAt: 1 },
      "agent:main:x:direct:2": { ...entryOf(personal.sessionId), pinnedAt: 1 },
    });
    prepare(friday);
    const report = await keeperJson(["archive", ...args, ...more]);
    expect([path, personal.path, own.path].map((one) => existsSync(one))).toEqual([true, true, false]);
    const [first] = report.installations;
    expect(first?.spared).toEqual(
      because.flatMap((reason) =>
        [0, 1].map(() =>
          expect.objectContaining({ because: reason, message: expect.stringContaining("what friday binds") }),
        ),
      ),
    );
  });

  test("too large", async () => {
    const { jarvis, friday } = theHomes();
    const { sessionId, path } = addClaudeSession(jarvis, { bytes: 9000 });
    const own = addClaudeSession(jarvis, { bytes: 9000 });
    writeRegistry(jarvis, { "agent:main:x:direct:1": boundEntry(own.sessionId) });
    writeRegistry(friday, { "agent:main:main": boundEntry(sessionId) });
    const before = readFileSync(path);
    prepare(friday);
    const report = await keeperJson(["rotate", "--max-size", "5kB", "--strategy", "empty", ...args, ...more]);
    expect(readFileSync(path)).toEqual(before);
    expect(readFileSync(own.path, "utf8").trim()).toBe("");
    expect(report.installations[0]?.spared.map((one) => one.because)).toEqual(because);
  });
});
