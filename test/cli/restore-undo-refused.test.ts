import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Session } from "../crash/scene.ts";
import { age, archivesIn, type Home, sessionsFolder } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import { filesOf, makeTooLarge, obstaclesOf, resultsOf, rotate, undo } from "../support/undo.ts";

let home: Home;
afterEach(() => home?.remove());

function aSession(...of: Parameters<typeof makeTooLarge>): Session {
  const made = makeTooLarge(...of);
  home = made.home;
  return made.session;
}

describe("what was changed since", () => {
  test("lines that Claude Code appended to what a cut left stay at its end", async () => {
    const session = aSession("claude-code", "cut");
    const original = readFileSync(session.path, "utf8");
    const id = await rotate(home, "cut");
    appendFileSync(session.path, '{"type":"user","uuid":"late"}\n');
    const { mtimeMs } = statSync(session.path);
    expect((await undo(home, id)).status).toBe(0);
    expect(readFileSync(session.path, "utf8")).toBe(`${original}{"type":"user","uuid":"late"}\n`);
    expect(statSync(session.path).mtimeMs).toBeCloseTo(mtimeMs, 1);
  });

  test.each([
    ["openclaw", "cut"],
    ["claude-code", "digest"],
    ["claude-code", "empty"],
  ] as const)(
    "a transcript of %s (%s) that goes on is left as it is, and so is all of its session",
    async (dialect, strategy) => {
      const session = aSession(dialect, strategy);
      const id = await rotate(home, strategy);
      appendFileSync(session.path, '{"type":"user","uuid":"late"}\n');
      const before = filesOf(home);
      const refused = await undo(home, id);
      expect([refused.status, refused.summary.done, resultsOf(refused)]).toEqual([1, 0, []]);
      expect(obstaclesOf(refused)).toEqual([expect.stringContaining("it was changed since: the run left")]);
      expect(filesOf(home)).toEqual(before);
      const told = await keeper(["restore", "undo", id, ...home.args]);
      expect([told.status, told.stdout]).toEqual([1, expect.stringContaining("left   could not put")]);
    },
  );

  test("a transcript of the same size with another content is left as it is", async () => {
    const session = aSession("claude-code", "cut");
    const id = await rotate(home, "cut");
    const text = readFileSync(session.path, "utf8");
    writeFileSync(session.path, text.replace("segment-header", "segment-HEADER"));
    expect(obstaclesOf(await undo(home, id))).toEqual([expect.stringContaining("it was changed since")]);
    expect(readFileSync(session.path, "utf8")).toContain("segment-HEADER");
  });

  test.each(["claude-code", "openclaw"] as const)(
    "a registry entry that goes on keeps the emptied session of %s as it is; another one is no matter",
    async (dialect) => {
      const session = aSession(dialect, "empty");
      const id = await rotate(home, "empty");
      const registry = join(sessionsFolder(home), "sessions.json");
      const entries = JSON.parse(readFileSync(registry, "utf8"));
      const changed = { ...entries, [session.key]: { ...entries[session.key], updatedAt: Date.now() } };
      writeFileSync(registry, JSON.stringify(changed, null, 2));
      const before = filesOf(home);
      const refused = await undo(home, id);
      expect([refused.status, obstaclesOf(refused)]).toEqual([1, [expect.stringContaining("entry was changed since")]]);
      expect(filesOf(home)).toEqual(before);
      writeFileSync(
        registry,
        JSON.stringify({ "agent:main:new": { sessionId: "n", updatedAt: 1 }, ...entries }, null, 2),
      );
      expect((await undo(home, id)).status).toBe(0);
      expect(readFileSync(session.path)).toEqual(session.original);
      expect(JSON.parse(readFileSync(registry, "utf8"))[session.key]).toMatchObject({ sessionId: expect.any(String) });
      expect(Object.keys(JSON.parse(readFileSync(registry, "utf8")))[0]).toBe("agent:main:new");
      writeFileSync(registry, JSON.stringify(changed, null, 2)); // the session goes on, which an undo that was done leaves alone
      expect(await undo(home, id)).toMatchObject({ status: 0, summary: { done: 0 } });
    },
  );

  test("a file that took the name of a removed transcript, an archive that is gone: nothing is done", async () => {
    const session = aSession("openclaw", "empty");
    const id = await rotate(home, "empty");
    writeFileSync(session.path, "{}\n");
    expect(obstaclesOf(await undo(home, id))).toEqual([
      expect.stringContaining("another file of 3 bytes stands there"),
    ]);
    expect(readFileSync(session.path, "utf8")).toBe("{}\n");
    rmSync(session.path);
    for (const archive of archivesIn(home.root)) rmSync(archive);
    const before = filesOf(home);
    expect(obstaclesOf(await undo(home, id))).toEqual([expect.stringContaining("is not there any more")]);
    expect(filesOf(home)).toEqual(before);
  });

  test("an archive that is damaged is noticed before anything is put in place", async () => {
    const session = aSession("claude-code", "cut");
    const id = await rotate(home, "cut");
    const [archive = ""] = archivesIn(home.root);
    const bytes = readFileSync(archive);
    bytes.writeUInt8((bytes[bytes.length >> 1] ?? 0) ^ 0xff, bytes.length >> 1);
    chmodSync(archive, 0o600);
    writeFileSync(archive, bytes);
    const before = filesOf(home);
    const failed = await undo(home, id);
    expect([failed.status, resultsOf(failed)]).toEqual([3, ["cut-transcript failed"]]);
    expect(filesOf(home)).toEqual(before);
    expect(readdirSync(dirname(session.path)).filter((name) => name.endsWith(".draft"))).toEqual([]);
  });

  test("a later run has to be put back first, and is named", async () => {
    const session = aSession("claude-code", "cut");
    const before = filesOf(home);
    const first = await rotate(home, "cut");
    const second = await rotate(home, "empty", ["--session", session.sessionId, "--force"]);
    expect(obstaclesOf(await undo(home, first))[0]).toContain(`restore undo ${second}`);
    expect((await undo(home, second)).status).toBe(0);
    expect((await undo(home, first)).status).toBe(0);
    expect(filesOf(home)).toEqual(before);
  });

  test("notes: what others wrote stays, what was rewritten is told, and the session comes back all the same", async () => {
    const session = aSession("claude-code", "cut");
    const note = join(home.workspace, "memory", `${new Date().toISOString().slice(0, 10)}.md`);
    mkdirSync(dirname(note));
    writeFileSync(note, "# Today\n");
    age(note, 60_000);
    const { mtimeMs } = statSync(note);
    const id = await rotate(home, "cut");
    const noted = readFileSync(note, "utf8");
    writeFileSync(note, `# This very day\n${noted.slice("# Today\n".length)}\nMore.\n`);
    expect((await undo(home, id)).status).toBe(0);
    expect(readFileSync(note, "utf8")).toBe("# This very day\n\nMore.\n");
    const again = await rotate(home, "cut");
    writeFileSync(note, readFileSync(note, "utf8").replace("Session archived", "A session was archived"));
    const told = await undo(home, again);
    expect([told.status, obstaclesOf(told)]).toEqual([1, [expect.stringContaining("could not take its text out")]]);
    expect(readFileSync(session.path)).toEqual(session.original);
    expect(statSync(note).mtimeMs).toBeGreaterThan(mtimeMs);
  });
});

test("a step in the middle of which the run ended keeps its session as it is", async () => {
  const session = aSession("claude-code", "cut");
  const id = await rotate(home, "cut");
  const path = join(home.state, "journal.jsonl");
  const lines = readFileSync(path, "utf8").split("\n");
  const isEnd = (line: string) => line.includes('"end","kind":"cut-transcript"');
  writeFileSync(path, lines.filter((line) => !isEnd(line)).join("\n"));
  const before = filesOf(home);
  const refused = await undo(home, id);
  expect([refused.status, obstaclesOf(refused)]).toEqual([1, [expect.stringContaining("ended in the middle of it")]]);
  expect(filesOf(home)).toEqual(before);
  expect(readFileSync(session.path)).not.toEqual(session.original);
});
