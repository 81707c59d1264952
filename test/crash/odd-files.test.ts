import { spawnSync } from "node:child_process";
import {
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
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  archivesIn,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { rotateInProcess } from "./in-process.ts";
import { addBoundSession, ROTATED, resultsOf, rotateAs } from "./rotate-as.ts";
import { leftovers } from "./scene.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

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
    const { sessionId, path } = addBoundSession(home);
    const other = addClaudeSession(home, { bytes: 4000 });
    const elsewhere = join(home.root, "elsewhere");
    replacements[what]?.(path, elsewhere);
    const before = { original: readFileSync(elsewhere), kind: lstatSync(path).mode, registry: readRegistryOf(home) };
    const report = rotateAs(home, force ? ["--force", "--session", sessionId] : []);
    expect(report.installations[0]?.failure).toBeUndefined();
    expect(report.installations[0]?.spared).toMatchObject([{ because: "unsafe", sessionId }]);
    expect(readFileSync(elsewhere).equals(before.original)).toBe(true);
    expect(lstatSync(path).mode).toBe(before.kind);
    expect(readRegistryOf(home)).toEqual(before.registry);
    expect(leftovers(home)).toEqual([]);
    if (!force) expect(statSync(other.path).size).toBe(0); // the others go on
  });

  it.each(["claude-code", "openclaw"])(
    "a link that takes the place in mid-run is not followed (%s)",
    async (dialect) => {
      const session = dialect === "claude-code" ? addBoundSession(home) : addOpenClawSession(home, { bytes: 4000 });
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
    },
  );
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
    const { path } = addBoundSession(home);
    const original = readFileSync(path);
    const place = places[what]?.() ?? "";
    rmSync(place, { force: true });
    mkdirSync(dirname(place), { recursive: true });
    spawnSync("mkfifo", [place]);
    const report = rotateAs(home, ["--max-runtime", "2s"]); // the lock is waited for, like any that may be somebody's
    expect(lstatSync(place).isFIFO()).toBe(true);
    const kept = [...archivesIn(home.root).map(unzip), readFileSync(path)];
    expect(kept.some((bytes) => bytes.equals(original))).toBe(true);
    expect([0, 1, 3]).toContain(report.status);
  });
});

describe("two installations", () => {
  it("the first fails, the second is looked after, and the run says 3", () => {
    const { path } = addBoundSession(home);
    const config = join(home.root, "config.json5");
    const second = { openclaw: { home: home.openclaw }, claude: { home: home.claude }, gateway: { logs: [home.log] } };
    const first = { openclaw: { home: join(home.root, "nowhere") }, claude: false };
    writeFileSync(config, JSON.stringify({ installations: { first, second } }), { mode: 0o600 });
    home.args = ["--config", config, "--state-dir", home.state];
    const report = rotateAs(home);
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
