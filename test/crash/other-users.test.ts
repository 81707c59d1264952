import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import {
  addClaudeSession,
  addOpenClawSession,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  snapshot,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { addBoundSession, giveTo, isRoot, OWNER, ROTATED, resultsOf, rotateAs } from "./rotate-as.ts";
import { allFiles, CANNOT_COLLAPSE, canCollapseIn, leftovers } from "./scene.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

describe.skipIf(!isRoot)("as the owner of the homes", () => {
  it("a transcript that cannot be read is named, and the others go on", () => {
    const { sessionId, path } = addClaudeSession(home, { bytes: 4000 });
    const other = addClaudeSession(home, { bytes: 4000 });
    writeRegistry(home, { "agent:main:a": boundEntry(sessionId), "agent:main:b": boundEntry(other.sessionId) });
    giveTo(home, OWNER);
    chmodSync(path, 0);
    const report = rotateAs(home, [], { uid: OWNER });
    expect(report.status).toBe(1);
    expect(report.installations[0]?.spared).toMatchObject([{ because: "unsafe", sessionId }]);
    expect(report.installations[0]?.spared[0]?.message).toMatch(/cannot be read/);
    expect(resultsOf(report)).toEqual(ROTATED);
    expect(statSync(path).size).toBeGreaterThan(4000);
    expect(statSync(other.path).size).toBe(0);
    expect(readRegistryOf(home)["agent:main:a"]).toHaveProperty("cliSessionIds");
  });

  it("what a run of root's changed is put back as their owner, and a run that nobody knows is a slip", async () => {
    const { path } = addBoundSession(home);
    giveTo(home, OWNER);
    const original = readFileSync(path);
    // without a state folder that root names, each owner has a journal of his own
    const args = home.args.slice(0, home.args.indexOf("--state-dir"));
    const { runId } = await keeperJson(["rotate", "--strategy", "empty", "--max-size", "2KB", ...args]);
    expect(statSync(path).size).toBe(0);
    expect((await keeperJson(["restore", "undo", "none", ...args])).error?.hint).toContain(`${runId} (rotate)`);
    const undone = await keeperJson(["restore", "undo", runId, ...args]);
    expect(resultsOf(undone)).toEqual(["empty-transcript done", "edit-registry done", "append-note done"]);
    expect(readFileSync(path).equals(original)).toBe(true);
    const strangers = allFiles(home.root).filter((name) => statSync(join(home.root, name)).uid !== OWNER);
    expect(strangers).toEqual([]);
  });

  it("a transcript of another user is refused, and nothing is left beside it, run after run", () => {
    const { path } = addBoundSession(home);
    giveTo(home, OWNER);
    chownSync(path, 0, 0);
    chmodSync(path, 0o644);
    const original = readFileSync(path);
    for (const _ of [1, 2]) {
      const report = rotateAs(home, [], { uid: OWNER });
      expect(report.status).toBe(3);
      expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "empty-transcript", result: "failed" });
      expect(report.installations[0]?.actions.at(-1)?.message).toMatch(/owner/);
    }
    expect(readFileSync(path).equals(original)).toBe(true);
    expect(statSync(path).uid).toBe(0);
    expect(leftovers(home)).toEqual([]);
    expect(archivesIn(home.root).length).toBe(1);
  });

  it("a registry of another user is refused, and nothing is left beside it, run after run", () => {
    const { path } = addBoundSession(home);
    giveTo(home, OWNER);
    const registry = join(sessionsFolder(home), "sessions.json");
    chownSync(registry, 0, 0);
    chmodSync(registry, 0o644);
    const before = { registry: readFileSync(registry), transcript: readFileSync(path) };
    for (const _ of [1, 2]) expect(rotateAs(home, [], { uid: OWNER }).status).toBe(3);
    expect(readFileSync(registry).equals(before.registry)).toBe(true);
    expect(readFileSync(path).equals(before.transcript)).toBe(true);
    expect(leftovers(home)).toEqual([]);
  });

  it("in a registry folder that cannot be written, nothing changes but the archive, and later all is made up for", () => {
    const { path } = addBoundSession(home);
    giveTo(home, OWNER);
    const folder = sessionsFolder(home);
    const original = readFileSync(path);
    const before = snapshot(folder);
    chmodSync(folder, 0o555);
    const report = rotateAs(home, [], { uid: OWNER });
    expect(report.status).toBe(3);
    expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "edit-registry", result: "failed" });
    expect(report.installations[0]?.actions.at(-1)?.message).toMatch(/may not write/);
    expect(snapshot(folder)).toEqual(before);
    expect(readFileSync(path).equals(original)).toBe(true);
    chmodSync(folder, 0o755);
    const next = rotateAs(home, [], { uid: OWNER });
    expect(next.status).toBe(0);
    expect(resultsOf(next)).toEqual([
      "archive-transcript already-done",
      "append-note already-done",
      "edit-registry done",
      "empty-transcript done",
    ]);
    expect(archivesIn(home.root).map((archive) => unzip(archive).equals(original))).toEqual([true]);
  });

  it.each([
    ["cannot be read", (registry: string) => chmodSync(registry, 0)],
    ["is broken", (registry: string) => writeFileSync(registry, readFileSync(registry).subarray(0, 100))],
    [
      "is a link",
      (registry: string) => {
        renameSync(registry, `${registry}.elsewhere`);
        symlinkSync(`${registry}.elsewhere`, registry);
      },
    ],
  ])("while a registry %s, no session that it may name is emptied", (_, spoil) => {
    const { path } = addBoundSession(home);
    giveTo(home, OWNER);
    const registry = join(sessionsFolder(home), "sessions.json");
    const original = readFileSync(path);
    spoil(registry);
    const before = lstatSync(registry);
    const report = rotateAs(home, [], { uid: OWNER });
    expect(readFileSync(path).equals(original)).toBe(true);
    expect(lstatSync(registry).ino).toBe(before.ino);
    expect([1, 3]).toContain(report.status);
  });
});

it.skipIf(!isRoot)("a user that the host does not know, without HOME, needs none when all places are named", () => {
  const { path } = addBoundSession(home);
  giveTo(home, OWNER);
  expect(rotateAs(home, [], { uid: OWNER, env: {} }).status).toBe(0);
  expect(statSync(path).size).toBe(0);
});

describe.skipIf(!isRoot)("as root, for the home of another user", () => {
  it("a child does the work as that user: every file is his, and modes are kept", () => {
    const claude = addBoundSession(home);
    const openclaw = addOpenClawSession(home, { bytes: 4000 });
    const registry = writeRegistry(home, {
      "agent:main:main": boundEntry(claude.sessionId),
      "agent:main:other": {
        sessionId: openclaw.sessionId,
        sessionFile: openclaw.path,
        updatedAt: Date.now() - 300_000,
      },
    });
    chmodSync(claude.path, 0o640);
    giveTo(home, OWNER);
    const report = rotateAs(home);
    expect(report.installations[0]?.failure).toBeUndefined();
    expect(report.status).toBe(0);
    expect(statSync(claude.path).size).toBe(0);
    expect(existsSync(openclaw.path)).toBe(false);
    const strangers = allFiles(home.root).filter((name) => {
      const { uid, gid } = lstatSync(join(home.root, name));
      return uid !== OWNER || gid !== OWNER;
    });
    expect(strangers).toEqual([]);
    expect(statSync(claude.path).mode & 0o777).toBe(0o640);
    expect(statSync(registry).mode & 0o777).toBe(0o600);
    expect(statSync(home.state).uid).toBe(OWNER);
    expect(archivesIn(home.root).length).toBe(2);
    expect(leftovers(home)).toEqual([]);
    expect(rotateAs(home, ["--verbose"]).status).toBe(0); // and an idle run
  });

  it("a file that a process of his keeps open is shortened in place", ({ skip }) => {
    skip(!canCollapseIn(home.root), CANNOT_COLLAPSE);
    const { sessionId, path } = addBoundSession(home);
    giveTo(home, OWNER);
    const { ino } = statSync(path);
    const holder = spawn("setpriv", [
      `--reuid=${OWNER}`,
      `--regid=${OWNER}`,
      "--clear-groups",
      ...["sh", "-c", `exec 3>>"$0"; exec sleep 60`, path],
    ]);
    onTestFinished(() => void holder.kill("SIGKILL"));
    spawnSync("sleep", ["0.3"]);
    const report = rotateAs(home, ["--force", "--session", sessionId]);
    expect(resultsOf(report)).toEqual(ROTATED);
    expect(report.installations[0]?.actions.at(-1)?.detail).toMatchObject({ how: "collapsed" });
    expect(statSync(path).ino).toBe(ino);
    expect(readFileSync(path, "utf8").trim()).toBe("");
  });

  it("it works where only root may read the program", () => {
    const { path } = addBoundSession(home);
    giveTo(home, OWNER);
    const place = join("/root", `keeper-${process.pid}`);
    onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    mkdirSync(place, { mode: 0o700 });
    for (const name of ["bin", "dist", "package.json"])
      cpSync(join(import.meta.dirname, "..", "..", name), join(place, name), { recursive: true });
    const report = rotateAs(home, [], { program: join(place, "bin", "session-keeper.js") });
    expect(report.installations[0]?.failure).toBeUndefined();
    expect(resultsOf(report)).toEqual(ROTATED);
    expect(statSync(path).size).toBe(0);
  });

  it("a group that the user is not in is refused, and nothing is lost", () => {
    const { path } = addBoundSession(home);
    giveTo(home, OWNER);
    chownSync(path, OWNER, OWNER + 1);
    const original = readFileSync(path);
    const report = rotateAs(home);
    expect(report.status).toBe(3);
    expect(report.installations[0]?.actions.at(-1)?.message).toMatch(/group/);
    expect(readFileSync(path).equals(original)).toBe(true);
    expect(leftovers(home)).toEqual([]);
  });
});
