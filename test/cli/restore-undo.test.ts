import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { reportSchema } from "../../src/report/schema.ts";
import { setDamagedScene } from "../crash/damaged-scene.ts";
import type { Session } from "../crash/scene.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  age,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  sessionsFolder,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { filesOf, makeTooLarge, obstaclesOf, resultsOf, rotate, undo } from "../support/undo.ts";

let home: Home;
afterEach(() => home?.remove());

function aSession(...of: Parameters<typeof makeTooLarge>): Session {
  const made = makeTooLarge(...of);
  home = made.home;
  return made.session;
}

/** The bot's own note of today, a minute old. */
function writeNote(text: string): void {
  const note = join(home.workspace, "memory", `${new Date().toISOString().slice(0, 10)}.md`);
  mkdirSync(dirname(note));
  writeFileSync(note, text);
  age(note, 60_000);
}

const registryTime = () => statSync(join(sessionsFolder(home), "sessions.json")).mtimeMs;

describe.each(["claude-code", "openclaw"] as const)("after a session of %s", (dialect) => {
  test.each(["cut", "digest", "empty"] as const)("was rotated (%s), undo gives back every byte", async (strategy) => {
    aSession(dialect, strategy);
    if (strategy === "digest") writeNote("# Today\n");
    const before = filesOf(home);
    const id = await rotate(home, strategy);
    expect(filesOf(home)).not.toEqual(before);
    const rotated = { files: filesOf(home), archives: archivesIn(home.root), registryTime: registryTime() };

    const dry = await undo(home, id, "--dry-run");
    expect([dry.status, filesOf(home)]).toEqual([0, rotated.files]);
    const { status: _, stderr: __, ...document } = await undo(home, id);
    reportSchema.parse(document);
    expect(document.exitCode).toBe(0);
    expect(resultsOf(document).every((one) => one.endsWith(" done"))).toBe(true);
    expect(filesOf(home)).toEqual(before);
    expect(archivesIn(home.root)).toEqual(rotated.archives);
    expect(dry.installations[0]?.actions.map(({ kind }) => `${kind} done`)).toEqual(resultsOf(document));
    if (document.installations[0]?.actions.some(({ kind }) => kind === "edit-registry"))
      expect(registryTime()).toBeGreaterThan(rotated.registryTime);
    else expect(registryTime()).toBe(rotated.registryTime);

    const journal = readFileSync(join(home.state, "journal.jsonl"), "utf8");
    const again = await undo(home, id);
    expect([again.status, again.summary.done]).toEqual([0, 0]);
    expect(resultsOf(again).every((one) => one.endsWith(" already-done"))).toBe(true);
    expect(readFileSync(join(home.state, "journal.jsonl"), "utf8")).toBe(journal);
    expect(filesOf(home)).toEqual(before);
  });

  test("was mended, undo gives back what was broken", async () => {
    home = setDamagedScene(dialect).home;
    const before = filesOf(home);
    const repair = await keeper(["detect-corruption", "--repair", ...home.args]);
    const id = /restore undo (\S+)/.exec(repair.stdout)?.[1] ?? "";
    expect(filesOf(home)).not.toEqual(before);
    const undone = await undo(home, id);
    expect([undone.status, resultsOf(undone)]).toEqual([0, ["repair-transcript done"]]);
    expect(filesOf(home)).toEqual(before);
  });

  test("was mended where it was named by its path, undo finds it again", async () => {
    const { session } = setAside(dialect);
    const before = readFileSync(session);
    const where = ["--state-dir", home.state, "--archive-dir", join(home.root, "session-archives")];
    const repair = await keeper(["detect-corruption", "--repair", session, ...where]);
    const id = /restore undo (\S+)/.exec(repair.stdout)?.[1] ?? "";
    expect(readFileSync(session)).not.toEqual(before);
    const undone = await keeperJson(["restore", "undo", id, ...where]);
    expect([undone.status, undone.installations[0]?.name]).toEqual([0, "files"]);
    expect(readFileSync(session)).toEqual(before);
  });
});

/** A damaged transcript in a folder of no home. */
function setAside(dialect: Session["dialect"]): { session: string } {
  const scene = setDamagedScene(dialect);
  home = scene.home;
  const folder = join(home.root, "elsewhere");
  mkdirSync(folder);
  const session = join(folder, "s.jsonl");
  writeFileSync(session, scene.session.original, { mode: 0o600 });
  age(session, 120_000);
  return { session };
}

test("a session in use waits, unless it is asked for with --yes", async () => {
  const session = aSession("claude-code", "cut");
  const id = await rotate(home, "cut");
  mkdirSync(join(home.claude, "sessions"));
  const lease = join(home.claude, "sessions", `${process.pid}.json`);
  writeFileSync(lease, JSON.stringify({ pid: process.pid, sessionId: session.sessionId }));
  const refused = await undo(home, id);
  expect([refused.status, obstaclesOf(refused)]).toEqual([1, [expect.stringContaining("has it open")]]);
  expect(readFileSync(session.path)).not.toEqual(session.original);
  expect((await undo(home, id, "--yes")).status).toBe(0);
  expect(readFileSync(session.path)).toEqual(session.original);
});

test("an unknown run is a slip, and the last ones are told; an undo is not undone", async () => {
  aSession("claude-code", "cut");
  const none = await keeper(["restore", "undo", "20260101T000000Z-000000", ...home.args]);
  expect([none.status, none.stderr]).toEqual([2, expect.stringContaining("no run is known that changed anything")]);
  const id = await rotate(home, "cut");
  const before = filesOf(home);
  const unknown = await keeper(["restore", "undo", "20260101T000000Z-000000", ...home.args]);
  expect([unknown.status, unknown.stderr]).toEqual([2, expect.stringContaining(`${id} (rotate)`)]);
  expect(filesOf(home)).toEqual(before);
  const { runId } = await undo(home, id);
  const redo = await keeper(["restore", "undo", runId, ...home.args]);
  expect([redo.status, redo.stderr]).toEqual([2, expect.stringContaining(`undid run ${id}`)]);
});

test("a restart and archives that were let go are named as not undone; other homes than the run's are told", async () => {
  const session = aSession("claude-code", "cut");
  const id = await rotate(home, "cut");
  const line = (facts: object) =>
    appendFileSync(join(home.state, "journal.jsonl"), `${JSON.stringify({ at: "", runId: id, ...facts })}\n`);
  line({ event: "end", kind: "restart-gateway", result: "done" });
  line({ event: "end", kind: "prune-archive", result: "done", archive: "/archives/a.jsonl.gz" });
  const other = join(home.root, "other");
  mkdirSync(other);
  const elsewhere = await keeperJson(["restore", "undo", id, "--claude-home", other, "--state-dir", home.state]);
  expect([elsewhere.status, obstaclesOf(elsewhere)]).toEqual([1, [expect.stringContaining("in no home that was")]]);
  const undone = await undo(home, id);
  expect(undone.status).toBe(0);
  expect(undone.installations[0]?.findings).toMatchObject([
    { kind: "not-undone", severity: "info", message: "the run restarted the gateway, which is not undone" },
    { kind: "not-undone", severity: "info", path: "/archives/a.jsonl.gz" },
  ]);
  expect(existsSync(session.path)).toBe(true);
});

test("sessions of both programs behind one entry come back together", async () => {
  home = makeHome();
  const [own, bound] = [addOpenClawSession(home, { bytes: 4000 }), addClaudeSession(home, { bytes: 4000 })];
  const { sessionId, path: sessionFile } = own;
  writeRegistry(home, { "agent:main:main": boundEntry(bound.sessionId, { sessionId, sessionFile, totalTokens: 5 }) });
  const before = filesOf(home);
  const { runId } = await keeperJson(["rotate", "--strategy", "empty", "--max-size", "2KB", ...home.args]);
  expect([existsSync(own.path), statSync(bound.path).size]).toEqual([false, 0]);
  const dry = await undo(home, runId, "--dry-run");
  const undone = await undo(home, runId);
  expect([dry.status, undone.status, obstaclesOf(undone)]).toEqual([0, 0, []]);
  expect(dry.installations[0]?.actions.map(({ kind }) => `${kind} done`)).toEqual(resultsOf(undone));
  expect(filesOf(home)).toEqual(before);
});
