import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { addClaudeSession, type Home, makeHome } from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import {
  type DamagedScene,
  expectMended,
  expectOriginalOrMended,
  orphanedRow,
  setDamagedScene,
} from "./damaged-scene.ts";
import { type Attempt, killAtEach, withoutRepetition } from "./kill-at-each.ts";
import { needsRoot } from "./rotate-as.ts";
import { leftovers, linesIn } from "./scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

const REPAIR = ["detect-corruption", "--repair"];

/** What one of the two commands left, the other one finishes. */
it.each([
  ["claude-code", REPAIR, ["rotate"]],
  ["openclaw", ["rotate"], REPAIR],
] as const)(
  "a run killed at any change while it mends a session of %s leaves the original or the mended one; the next one finishes",
  async (dialect, command, next) => {
    await killAtEach<Attempt & { scene: DamagedScene }>({
      prepare: () => {
        const scene = setDamagedScene(dialect);
        const { home } = scene;
        return { scene, home, args: [...command, ...home.args], nextArgs: [...next, ...home.args] };
      },
      // how a run takes its own lock and what it writes into an archive is the same when it rotates
      choose: (changes) => {
        const own = withoutRepetition(changes).filter(({ path }) => !/\/state\/locks\/|\.partial$/.test(path));
        return dialect === "claude-code" ? own : own.slice(own.findIndex(({ path }) => path.endsWith(".draft")));
      },
      checkAfterKill: ({ scene }) => expectOriginalOrMended(scene),
      checkAtEnd: ({ scene }) => {
        expectMended(scene);
        expect(leftovers(scene.home)).toEqual([]);
      },
    });
  },
);

const mounted: string[] = [];
let home: Home;
afterEach(() => {
  for (const place of mounted.splice(0)) spawnSync("umount", [place]);
  home?.remove();
});

describe("a writer in the middle of ten repairs", () => {
  const ATTEMPTS = 10;
  const MOST_ATTEMPTS = 60;

  /** Sessions that were written to just now are mended too, and no archive is let go. */
  function inAHurry(): string[] {
    const folder = join(home.root, "etc");
    mkdirSync(folder);
    chmodSync(folder, 0o700);
    writeFileSync(join(folder, "config.json5"), '{ rotate: { quietFor: "0s", keepArchives: 1000 } }');
    return ["--config", join(folder, "config.json5"), ...home.args];
  }

  it("that opens, appends and closes for each line loses no line, and none is kept twice", async () => {
    home = makeHome();
    const { path } = addClaudeSession(home);
    const sound = linesIn(path);
    const parent = JSON.parse(sound.at(-1) ?? "").uuid;
    const args = inAHurry();
    const stopFile = join(home.root, "stop");
    const writer = spawn(process.execPath, [join(import.meta.dirname, "write-in-bursts.cjs")], {
      env: { FILE: path, STOP_FILE: stopFile },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    writer.stdout.on("data", (data) => (output += data));
    const closed = new Promise((resolve) => writer.once("close", resolve));
    await new Promise((resolve) => writer.stdout.once("data", resolve));
    const results: (string | undefined)[] = [];
    while (results.length < ATTEMPTS || (!results.includes("done") && results.length < MOST_ATTEMPTS)) {
      appendFileSync(path, orphanedRow(parent, results.length));
      const report = await keeperJson([...REPAIR, ...args]);
      expect(report.installations[0]?.failure).toBeUndefined();
      expect([0, 1]).toContain(report.status); // it may have to wait
      results.push(report.installations[0]?.actions.at(-1)?.result);
    }
    writeFileSync(stopFile, "");
    await closed;
    expect(results).toContain("done");
    expect((await keeper([...REPAIR, ...args])).status).toBe(0);
    expect(leftovers(home)).toEqual([]);
    const lines = linesIn(path);
    const isNumbered = (line: string) => line.startsWith('{"number":');
    expect(lines.filter((line) => !isNumbered(line))).toEqual(sound);
    const written = Number(output.trim().split("\n").at(-1));
    const counts = new Map<string, number>();
    for (const line of lines.filter(isNumbered)) counts.set(line, (counts.get(line) ?? 0) + 1);
    const wrong = Array.from({ length: written }, (_, number) => counts.get(`{"number":${number}}`) ?? 0);
    expect(wrong.filter((count) => count === 0).length, `lost of ${written}`).toBe(0);
    expect(wrong.filter((count) => count > 1).length, `doubled of ${written}`).toBe(0);
    expect(counts.size, "numbers").toBe(written);
  });
});

describe("a full disk", () => {
  /** Puts a folder on a file system of 64 KB of which so many bytes are free. */
  function moveToFullDisk(place: string, freeBytes: number): boolean {
    mkdirSync(place, { recursive: true });
    const files = readdirSync(place).map((name) => {
      const path = join(place, name);
      return { path, bytes: readFileSync(path), stats: statSync(path) };
    });
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", place]).status !== 0) return false;
    mounted.push(place);
    for (const { path, bytes, stats } of files) {
      writeFileSync(path, bytes);
      chmodSync(path, stats.mode);
      utimesSync(path, stats.atime, stats.mtime);
    }
    const filler = fillerOf(place);
    spawnSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=4k", "count=100"]);
    truncateSync(filler, statSync(filler).size - freeBytes);
    return true;
  }
  const fillerOf = (place: string) => join(place, "filler");

  it.for([
    ["the mended copy", "claude-code", 4096, ({ session }: DamagedScene) => dirname(session.path)],
    ["the mended copy", "openclaw", 4096, ({ session }: DamagedScene) => dirname(session.path)],
    ["the archive", "claude-code", 0, ({ home }: DamagedScene) => join(home.root, "archives")],
    ["the state", "claude-code", 0, ({ home }: DamagedScene) => home.state],
  ] as const)(
    "for %s of a session of %s: one clear sentence, and nothing is changed; later it is mended",
    async ([what, dialect, freeBytes, placeIn], { skip }) => {
      const scene = setDamagedScene(dialect);
      home = scene.home;
      const place = placeIn(scene);
      skip(!moveToFullDisk(place, freeBytes), needsRoot);
      const args = [...REPAIR, ...home.args, ...(what === "the archive" ? ["--archive-dir", place] : [])];
      const report = await keeperJson(args);
      expect(report).toMatchObject({ status: 3, stderr: "" });
      expect(JSON.stringify(report)).toMatch(/the disk is full/);
      expect(JSON.stringify(report)).not.toMatch(/fault of session-keeper/);
      expect(readFileSync(scene.session.path).equals(scene.session.original)).toBe(true);
      expectOriginalOrMended(scene);
      expect(leftovers(home)).toEqual([]);
      rmSync(fillerOf(place));
      expect((await keeperJson(args)).status).toBe(0);
      expectMended(scene);
      expect(leftovers(home)).toEqual([]);
    },
  );
});
