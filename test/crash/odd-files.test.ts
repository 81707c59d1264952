import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import type { ReportDocument } from "../../src/report/document.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  age,
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
import { rotateInProcess } from "./in-process.ts";
import { allFiles, leftovers } from "./scene.ts";

const ROTATE = ["rotate", "--max-size", "2KB", "--json"];
const OWNER = 12_345;
const isRoot = process.geteuid?.() === 0;
const needsRoot = "only root can set this up";

let home: Home;
const mounted: string[] = [];
beforeEach(() => {
  home = makeHome();
});
afterEach(() => {
  for (const place of mounted.splice(0)) spawnSync("umount", [place]);
  home.remove();
});

/** Runs the program to its end; one that hangs is ended after ten seconds and shows by its signal. */
function rotate(args: string[] = [], options: { uid?: number; program?: string } = {}): ReportDocument & { status: number | null } {
  const program = options.program ?? join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");
  const become = options.uid === undefined ? [] : ["setpriv", `--reuid=${options.uid}`, `--regid=${options.uid}`, "--clear-groups"];
  const [command = "", ...rest] = [...become, process.execPath, program, ...ROTATE, ...args, ...home.args];
  const { stdout, stderr, status, signal } = spawnSync(command, rest, {
    env: { PATH: process.env.PATH, HOME: home.root },
    encoding: "utf8",
    timeout: 10_000,
    killSignal: "SIGKILL",
  });
  expect({ signal, stderr }).toEqual({ signal: null, stderr: "" });
  return { ...(JSON.parse(stdout) as ReportDocument), status };
}

function addBoundSession(options: Parameters<typeof addClaudeSession>[1] = {}): { sessionId: string; path: string } {
  const session = addClaudeSession(home, { bytes: 4000, ...options });
  writeRegistry(home, { "agent:main:main": boundEntry(session.sessionId) });
  return session;
}

/** Gives the whole home to a user, as a bot's home is. */
function giveTo(uid: number): void {
  for (const name of ["", ...allFiles(home.root)]) chownSync(join(home.root, name), uid, uid);
}

function resultsOf(report: ReportDocument): string[] {
  return report.installations.flatMap(({ actions }) => actions.map(({ kind, result }) => `${kind} ${result}`));
}

const ROTATED = ["archive-transcript done", "append-note done", "edit-registry done", "empty-transcript done"];

describe("what stands in a transcript's place", () => {
  const replacements: Record<string, (path: string, elsewhere: string) => void> = {
    "a symbolic link": (path, elsewhere) => {
      renameSync(path, elsewhere);
      symlinkSync(elsewhere, path);
    },
    "a pipe": (path, elsewhere) => {
      renameSync(path, elsewhere);
      spawnSync("mkfifo", [path]);
    },
    "a folder": (path, elsewhere) => {
      renameSync(path, elsewhere);
      mkdirSync(path);
    },
    "a file with two names": (path, elsewhere) => linkSync(path, elsewhere),
  };
  const cases = Object.keys(replacements).flatMap((what) => [
    { what, force: false },
    { what, force: true },
  ]);

  it.each(cases)("$what is left alone and named (force: $force)", ({ what, force }) => {
    const { sessionId, path } = addBoundSession();
    const other = addClaudeSession(home, { bytes: 4000 });
    const elsewhere = join(home.root, "elsewhere");
    replacements[what]?.(path, elsewhere);
    const before = { original: readFileSync(elsewhere), kind: lstatSync(path).mode, registry: readRegistryOf(home) };
    const report = rotate(force ? ["--force", "--session", sessionId] : []);
    expect(report.installations[0]?.failure).toBeUndefined();
    expect(report.installations[0]?.spared).toMatchObject([{ because: "unsafe", sessionId }]);
    expect(readFileSync(elsewhere).equals(before.original)).toBe(true);
    expect(lstatSync(path).mode).toBe(before.kind);
    expect(readRegistryOf(home)).toEqual(before.registry);
    expect(leftovers(home)).toEqual([]);
    if (!force) expect(statSync(other.path).size).toBe(0); // the others go on
  });

  it.each(["claude-code", "openclaw"])("a link that takes the place in mid-run is not followed (%s)", async (dialect) => {
    const session = dialect === "claude-code" ? addBoundSession() : addOpenClawSession(home, { bytes: 4000 });
    const { sessionId, path } = session;
    if (dialect === "openclaw")
      writeRegistry(home, { "agent:main:main": { sessionId, sessionFile: path, updatedAt: Date.now() - 300_000 } });
    const victim = join(home.root, "victim");
    const original = readFileSync(path);
    writeFileSync(victim, "precious\n");
    const real = openDisk();
    let swapped = false;
    const disk = {
      ...real,
      link(from: string, to: string) {
        real.link(from, to);
        if (swapped || !to.endsWith(".gz")) return;
        swapped = true;
        rmSync(path);
        symlinkSync(victim, path);
      },
    };
    const { report } = await rotateInProcess(home, disk);
    expect(swapped).toBe(true);
    expect(report.actions.at(-1)?.result).toMatch(/changed-since-plan|failed/);
    expect(readFileSync(victim, "utf8")).toBe("precious\n");
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    expect(archivesIn(home.root).map((archive) => unzip(archive).equals(original))).toEqual([true]);
    expect(leftovers(home)).toEqual([]);
  });
});

describe("a pipe in place of another file does not make a run wait", () => {
  const places: Record<string, () => string> = {
    "the registry": () => join(sessionsFolder(home), "sessions.json"),
    "the memory note": () => join(home.workspace, "memory", `${today()}.md`),
    "the registry's lock": () => join(sessionsFolder(home), "sessions.json.lock"),
    "the gateway's configuration": () => join(home.openclaw, "openclaw.json"),
    "the gateway's log": () => home.log,
  };

  it.each(Object.keys(places))("%s", (what) => {
    const { path } = addBoundSession();
    const original = readFileSync(path);
    const place = places[what]?.() ?? "";
    rmSync(place, { force: true });
    mkdirSync(dirname(place), { recursive: true });
    spawnSync("mkfifo", [place]);
    const report = rotate(["--max-runtime", "2s"]); // the lock is waited for, like any that may be somebody's
    expect(lstatSync(place).isFIFO()).toBe(true);
    const kept = [...archivesIn(home.root).map(unzip), readFileSync(path)];
    expect(kept.some((bytes) => bytes.equals(original))).toBe(true);
    expect([0, 1, 3]).toContain(report.status);
  });
});

describe.skipIf(!isRoot)("as the owner of the homes", () => {
  it("a transcript that cannot be read is named, and the others go on", () => {
    const { sessionId, path } = addClaudeSession(home, { bytes: 4000 });
    const other = addClaudeSession(home, { bytes: 4000 });
    writeRegistry(home, { "agent:main:a": boundEntry(sessionId), "agent:main:b": boundEntry(other.sessionId) });
    giveTo(OWNER);
    chmodSync(path, 0);
    const report = rotate([], { uid: OWNER });
    expect(report.status).toBe(1);
    expect(report.installations[0]?.spared).toMatchObject([{ because: "unsafe", sessionId }]);
    expect(report.installations[0]?.spared[0]?.message).toMatch(/cannot be read/);
    expect(resultsOf(report)).toEqual(ROTATED);
    expect(statSync(path).size).toBeGreaterThan(4000);
    expect(statSync(other.path).size).toBe(0);
    expect(readRegistryOf(home)["agent:main:a"]).toHaveProperty("cliSessionIds");
  });

  it("a transcript of another user is refused, and nothing is left beside it, run after run", () => {
    const { path } = addBoundSession();
    giveTo(OWNER);
    chownSync(path, 0, 0);
    chmodSync(path, 0o644);
    const original = readFileSync(path);
    for (const _ of [1, 2]) {
      const report = rotate([], { uid: OWNER });
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
    const { path } = addBoundSession();
    giveTo(OWNER);
    const registry = join(sessionsFolder(home), "sessions.json");
    chownSync(registry, 0, 0);
    chmodSync(registry, 0o644);
    const before = { registry: readFileSync(registry), transcript: readFileSync(path) };
    for (const _ of [1, 2]) expect(rotate([], { uid: OWNER }).status).toBe(3);
    expect(readFileSync(registry).equals(before.registry)).toBe(true);
    expect(readFileSync(path).equals(before.transcript)).toBe(true);
    expect(leftovers(home)).toEqual([]);
  });

  it("in a registry folder that cannot be written, nothing changes but the archive, and later all is made up for", () => {
    const { path } = addBoundSession();
    giveTo(OWNER);
    const folder = sessionsFolder(home);
    const original = readFileSync(path);
    const before = snapshot(folder);
    chmodSync(folder, 0o555);
    const report = rotate([], { uid: OWNER });
    expect(report.status).toBe(3);
    expect(report.installations[0]?.actions.at(-1)).toMatchObject({ kind: "edit-registry", result: "failed" });
    expect(report.installations[0]?.actions.at(-1)?.message).toMatch(/may not write/);
    expect(snapshot(folder)).toEqual(before);
    expect(readFileSync(path).equals(original)).toBe(true);
    chmodSync(folder, 0o755);
    const next = rotate([], { uid: OWNER });
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
    ["is a link", (registry: string) => {
      renameSync(registry, `${registry}.elsewhere`);
      symlinkSync(`${registry}.elsewhere`, registry);
    }],
  ])("while a registry %s, no session that it may name is emptied", (_, spoil) => {
    const { path } = addBoundSession();
    giveTo(OWNER);
    const registry = join(sessionsFolder(home), "sessions.json");
    const original = readFileSync(path);
    spoil(registry);
    const before = lstatSync(registry);
    const report = rotate([], { uid: OWNER });
    expect(readFileSync(path).equals(original)).toBe(true);
    expect(lstatSync(registry).ino).toBe(before.ino);
    expect([1, 3]).toContain(report.status);
  });
});

describe("a full disk", () => {
  /** A file system of 64 KB for one test. */
  function mountSmallDisk(place: string): boolean {
    mkdirSync(place, { recursive: true });
    const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", place]).status === 0;
    if (isMounted) mounted.push(place);
    return isMounted;
  }

  /** What does not become smaller in an archive. */
  function addIncompressibleSession(): { sessionId: string; path: string } {
    const session = addBoundSession();
    appendFileSync(session.path, `{"type":"x","noise":"${randomBytes(200_000).toString("base64")}"}\n`);
    age(session.path, 120_000);
    return session;
  }

  it("for the archives: one clear sentence, no half archive, the session as it was; later all is made up for", ({ skip }) => {
    const archives = join(home.root, "archives");
    skip(!mountSmallDisk(archives), needsRoot);
    const { path } = addIncompressibleSession();
    const original = readFileSync(path);
    const before = readRegistryOf(home);
    const report = rotate(["--archive-dir", archives]);
    expect(report.status).toBe(3);
    expect(report.installations[0]?.actions).toMatchObject([{ kind: "archive-transcript", result: "failed" }]);
    expect(report.installations[0]?.actions[0]?.message).toMatch(/the disk is full/);
    expect(allFiles(archives).filter((name) => !statSync(join(archives, name)).isDirectory())).toEqual([]);
    expect(readFileSync(path).equals(original)).toBe(true);
    expect(readRegistryOf(home)).toEqual(before);
    spawnSync("mount", ["-o", "remount,size=4m", archives]);
    const next = rotate(["--archive-dir", archives]);
    expect(next.status).toBe(0);
    expect(resultsOf(next)).toEqual(ROTATED);
    expect(archivesIn(archives).map((archive) => unzip(archive).equals(original))).toEqual([true]);
  });

  it("for the state folder: one clear sentence, and nothing is changed", ({ skip }) => {
    skip(!mountSmallDisk(home.state), needsRoot);
    const { path } = addBoundSession();
    const original = readFileSync(path);
    const before = readRegistryOf(home);
    spawnSync("dd", ["if=/dev/zero", `of=${join(home.state, "filler")}`, "bs=4k", "count=100"]);
    const report = rotate();
    expect(report.status).toBe(3);
    expect(JSON.stringify(report)).toMatch(/disk is full/);
    expect(JSON.stringify(report)).not.toMatch(/fault of session-keeper/);
    expect(readFileSync(path).equals(original)).toBe(true);
    expect(readRegistryOf(home)).toEqual(before);
    rmSync(join(home.state, "filler"));
    expect(rotate().status).toBe(0);
    expect(leftovers(home)).toEqual([]);
  });
});

describe.skipIf(!isRoot)("as root, for the home of another user", () => {
  it("a child does the work as that user: every file is his, and modes are kept", () => {
    const claude = addBoundSession();
    const openclaw = addOpenClawSession(home, { bytes: 4000 });
    const registry = writeRegistry(home, {
      "agent:main:main": boundEntry(claude.sessionId),
      "agent:main:other": { sessionId: openclaw.sessionId, sessionFile: openclaw.path, updatedAt: Date.now() - 300_000 },
    });
    chmodSync(claude.path, 0o640);
    giveTo(OWNER);
    const report = rotate();
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
    expect(rotate(["--verbose"]).status).toBe(0); // and an idle run
  });

  it("it works where only root may read the program", () => {
    const { path } = addBoundSession();
    giveTo(OWNER);
    const place = join("/root", `keeper-${process.pid}`);
    onTestFinished(() => rmSync(place, { recursive: true, force: true }));
    mkdirSync(place, { mode: 0o700 });
    for (const name of ["bin", "dist", "package.json"])
      cpSync(join(import.meta.dirname, "..", "..", name), join(place, name), { recursive: true });
    const report = rotate([], { program: join(place, "bin", "session-keeper.js") });
    expect(report.installations[0]?.failure).toBeUndefined();
    expect(resultsOf(report)).toEqual(ROTATED);
    expect(statSync(path).size).toBe(0);
  });

  it("a group that the user is not in is refused, and nothing is lost", () => {
    const { path } = addBoundSession();
    giveTo(OWNER);
    chownSync(path, OWNER, OWNER + 1);
    const original = readFileSync(path);
    const report = rotate();
    expect(report.status).toBe(3);
    expect(report.installations[0]?.actions.at(-1)?.message).toMatch(/group/);
    expect(readFileSync(path).equals(original)).toBe(true);
    expect(leftovers(home)).toEqual([]);
  });
});

describe("two installations", () => {
  it("the first fails, the second is looked after, and the run says 3", () => {
    const { path } = addBoundSession();
    const config = join(home.root, "config.json5");
    const second = { openclaw: { home: home.openclaw }, claude: { home: home.claude }, gateway: { logs: [home.log] } };
    const first = { openclaw: { home: join(home.root, "nowhere") }, claude: false };
    writeFileSync(config, JSON.stringify({ installations: { first, second } }), { mode: 0o600 });
    home.args = ["--config", config, "--state-dir", home.state];
    const report = rotate();
    expect(report.status).toBe(3);
    expect(report.installations.map(({ name, failure }) => [name, failure?.code])).toEqual([
      ["first", "failed"],
      ["second", undefined],
    ]);
    expect(report.installations[0]?.failure?.message).toContain(join(home.root, "nowhere"));
    expect(resultsOf(report)).toEqual(ROTATED);
    expect(statSync(path).size).toBe(0);
  });
});

function today(): string {
  const now = new Date();
  return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}
