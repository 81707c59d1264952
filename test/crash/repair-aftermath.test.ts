import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { type Disk, openDisk } from "../../src/disk/disk.ts";
import { addClaudeSession, addOpenClawSession, age, boundEntry, makeHome, writeRegistry } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import { condemn, restartsOf, withRestart } from "./bot.ts";
import { type DamagedScene, expectMended, expectOriginalOrMended, setDamagedScene } from "./damaged-scene.ts";
import { pretendItEnded, repairInProcess, rotateInProcess } from "./in-process.ts";
import { type Attempt, killAtEach, withoutRepetition } from "./kill-at-each.ts";
import { leftovers } from "./scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

const REPAIR = ["detect-corruption", "--repair"];

it("a run killed while it mends a file that lies in no home leaves nothing beside it that the next one does not clear away", async () => {
  await killAtEach<Attempt & { scene: DamagedScene; path: string }>({
    prepare: () => {
      const scene = setDamagedScene("openclaw");
      const { home } = scene;
      const path = join(home.root, "elsewhere", "s.jsonl");
      mkdirSync(dirname(path));
      copyFileSync(scene.session.path, path);
      age(path, 120_000);
      const args = [...REPAIR, path, "--state-dir", home.state];
      return { scene, home, path, args, nextArgs: args };
    },
    choose: (changes) => {
      const own = withoutRepetition(changes).filter(({ path }) => dirname(path).endsWith("elsewhere"));
      return own.slice(own.findIndex(({ path }) => path.endsWith(".draft")));
    },
    checkAfterKill: ({ scene, path }) => {
      const live = readFileSync(path);
      expect(live.equals(scene.session.original) || live.equals(scene.mended)).toBe(true);
    },
    checkAtEnd: ({ scene, path }, change) => {
      expect(readFileSync(path).equals(scene.mended)).toBe(true);
      // a lock alone is nothing to do; gateways take it at once, because its owner is gone
      const isLock = (name: string) => change.path.endsWith(".lock") && name === "s.jsonl.lock";
      const names = readdirSync(dirname(path)).filter((name) => !isLock(name));
      expect(names.sort()).toEqual(["s.jsonl", "session-archives"]);
    },
  });
});

it("a run killed while it mends a condemned session: the gateway is restarted, and the session is neither emptied nor taken back", async () => {
  await killAtEach<Attempt & { scene: DamagedScene }>({
    prepare: () => {
      const scene = setDamagedScene("claude-code");
      condemn(scene.home);
      const args = ["rotate", ...withRestart(scene.home, 0)];
      return { scene, home: scene.home, args, nextArgs: args };
    },
    choose: (changes) => {
      const own = withoutRepetition(changes).filter(({ path }) => !/memory|locks|\.lock/.test(path));
      return own.slice(own.findIndex(({ what, path }) => what === "renameSync" && path.endsWith(".draft")));
    },
    checkAfterKill: ({ scene }) => expectOriginalOrMended(scene),
    checkAtEnd: async ({ scene, home, args }, { path }) => {
      expectMended(scene);
      expect(leftovers(home)).toEqual([]);
      // once more than needed only if the kill fell between the restart and the note of it
      expect(restartsOf(home)).toBeGreaterThanOrEqual(1);
      expect(restartsOf(home)).toBeLessThanOrEqual(path.includes("installations") ? 2 : 1);
      const before = restartsOf(home);
      expect((await keeper(args)).status).toBe(0);
      expect(restartsOf(home)).toBe(before);
      expectMended(scene);
    },
  });
});

it("a rejection from before a repair by hand does not condemn what was mended", async () => {
  const scene = setDamagedScene("claude-code");
  onTestFinished(scene.home.remove);
  condemn(scene.home);
  expect((await repairInProcess(scene.home, "detect-corruption")).exitCode).toBe(0);
  expectMended(scene);
  const { report, exitCode } = await repairInProcess(scene.home, "rotate");
  expect({ actions: report.actions, exitCode }).toEqual({ actions: [], exitCode: 0 });
  expectMended(scene);
});

it.each([
  ["that the registry binds", true],
  ["that no entry names", false],
])("a condemned session %s is taken back also when that failed the first time", async (_, isBound) => {
  const home = makeHome();
  onTestFinished(home.remove);
  const { sessionId, path } = addClaudeSession(home, { entrypoint: "sdk-cli" });
  if (isBound) writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  const {
    uuid: parentUuid,
    timestamp,
    ...last
  } = JSON.parse(readFileSync(path, "utf8").trimEnd().split("\n").at(-1) ?? "");
  const [reply, question] = ["0c0c0c0c-0000-4000-8000-000000000001", "0c0c0c0c-0000-4000-8000-000000000002"];
  const add = (row: object) => appendFileSync(path, `${JSON.stringify({ ...last, timestamp, ...row })}\n`);
  const content = [{ type: "text", text: "fine" }];
  const message = { id: "msg_x", type: "message", role: "assistant", model: "claude-example", content };
  add({ type: "assistant", parentUuid, uuid: reply, message });
  const accepted = readFileSync(path, "utf8");
  add({ parentUuid: reply, uuid: question, message: { role: "user", content: "and then" } });
  age(path, 120_000);
  const line = `sessionId=${sessionId} unexpected \`tool_use_id\` found in \`tool_result\` blocks`;
  appendFileSync(home.log, `${new Date().toISOString()} ${line}\n`);
  const createOf = () => Promise.reject(Object.assign(new Error("ENOSPC: made to fail"), { code: "ENOSPC" }));
  expect((await repairInProcess(home, "rotate", { ...openDisk(), createOf })).exitCode).toBe(3);
  expect((await repairInProcess(home, "rotate")).exitCode).toBe(0);
  expect(readFileSync(path, "utf8")).toBe(accepted);
});

it("what a killed rotation has still to finish is not forgotten when a repair is killed as well", async () => {
  const home = makeHome();
  onTestFinished(home.remove);
  const entryOf = ({ sessionId, path }: { sessionId: string; path: string }) => {
    return { sessionId, updatedAt: Date.now() - 300_000, sessionFile: path };
  };
  const [large, torn] = [addOpenClawSession(home, { bytes: 9000 }), addOpenClawSession(home, { bytes: 900 })];
  const entries = { "agent:main:slack:channel:c1": entryOf(large), "agent:main:main": entryOf(torn) };
  writeRegistry(home, entries);
  const stopped = await rotateInProcess(
    home,
    dyingDisk((name, path) => name !== "append" && path === large.path),
  );
  expect(stopped.exitCode).toBe(3);
  pretendItEnded(home.root);
  appendFileSync(torn.path, '{"type":"message","id":"0f0f0f03","parent');
  age(torn.path, 120_000);
  await repairInProcess(
    home,
    "detect-corruption",
    dyingDisk((name) => name === "createOf"),
  );
  pretendItEnded(home.root);
  expect(existsSync(large.path)).toBe(true);
  expect((await rotateInProcess(home)).exitCode).toBe(0);
  expect(existsSync(large.path)).toBe(false);
});

/** A disk to which nothing can be done any more from one call on, as after a kill. */
function dyingDisk(isLast: (name: string, path: string) => boolean): Disk {
  const real = openDisk();
  let isDead = false;
  const dying = Object.entries(real).map(([name, method]) => [
    name,
    (...args: unknown[]) => {
      isDead ||= isLast(name, String(args[0]));
      if (isDead) throw new Error("made to fail");
      return (method as (...args: unknown[]) => unknown).apply(real, args);
    },
  ]);
  return Object.fromEntries(dying) as Disk;
}
