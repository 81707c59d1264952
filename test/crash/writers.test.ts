import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  addClaudeSession,
  addOpenClawSession,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { keeper, keeperJson } from "../support/keeper.ts";
import { timesOf } from "../support/thoroughness.ts";
import { CANNOT_COLLAPSE, canCollapseIn } from "./scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // many runs of the program, on a machine that may be slow

const ROTATIONS = timesOf(20);

let home: Home;
afterEach(() => home?.remove());

/** A real process that appends numbered lines at full speed. `stop` ends it and returns how many it wrote. */
async function startWriter(how: "append" | "held" | "offset", path: string): Promise<{ stop: () => Promise<number> }> {
  const stopFile = join(home.root, "stop");
  const child = spawn(process.execPath, [join(import.meta.dirname, "write-lines.cjs"), how, path, stopFile], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  return {
    stop: async () => {
      writeFileSync(stopFile, "");
      await closed;
      rmSync(stopFile);
      return Number(output.trim().split("\n").at(-1));
    },
  };
}

/** More archives are kept than the test makes, because lines that were let go with an archive would seem lost. */
function keepAll(): string[] {
  const folder = join(home.root, "etc");
  mkdirSync(folder, { recursive: true });
  const config = join(folder, "config.json5");
  writeFileSync(config, "{ rotate: { keepArchives: 1000 } }");
  chmodSync(folder, 0o700);
  return ["--config", config];
}

/** How often each numbered line is in these archives and files together. A broken line is an error. */
function countLines(paths: readonly string[], written: number): Uint8Array {
  const counts = new Uint8Array(written);
  for (const path of paths) {
    const bytes = path.endsWith(".gz") ? unzip(path) : readFileSync(path);
    for (const line of bytes.toString("latin1").split("\n")) {
      const number = /^\{"number":(\d+)\}$/.exec(line)?.[1];
      if (number !== undefined) counts[Number(number)] = (counts[Number(number)] ?? 0) + 1;
      else if (line.includes('"number":')) throw new Error(`a broken line of ${line.length} characters`);
    }
  }
  return counts;
}

describe(`a writer at full speed throughout ${ROTATIONS} rotations`, () => {
  it.for([
    ["that opens, appends and closes for each line", "append"],
    ["that keeps a descriptor with O_APPEND", "held"],
  ] as const)("%s loses no line, and none is kept twice", async ([, how], { skip }) => {
    home = makeHome();
    skip(how === "held" && !canCollapseIn(home.root), CANNOT_COLLAPSE);
    const { sessionId, path } = addClaudeSession(home, { bytes: 4000 });
    const writer = await startWriter(how, path);
    const ways = new Set<unknown>();
    for (let rotation = 1; rotation <= ROTATIONS; rotation += 1) {
      const report = await keeperJson([
        "rotate",
        "--strategy",
        "empty",
        "--force",
        "--session",
        sessionId,
        ...keepAll(),
        ...home.args,
      ]);
      const emptied = report.installations[0]?.actions.find(({ kind }) => kind === "empty-transcript");
      expect(emptied).toMatchObject({ result: "done" });
      expect(report.status).toBe(0);
      ways.add(emptied?.detail?.how);
    }
    const written = await writer.stop();
    const counts = countLines([...archivesIn(home.claude), path], written);
    expect(counts.filter((count) => count === 0).length, `lost of ${written}`).toBe(0);
    expect(counts.filter((count) => count > 1).length, `doubled of ${written}`).toBe(0);
    if (how === "held") expect([...ways]).toEqual(["collapsed"]);
  });
});

describe("a transcript that a killed run had set aside", () => {
  it("stays as long as somebody writes to it, and every line of his is kept", async () => {
    home = makeHome();
    const session = addOpenClawSession(home, { bytes: 4000 });
    const archived = statSync(session.path).size;
    const aside = `${session.path}.session-keeper-${archived}-${randomUUID()}.old`;
    renameSync(session.path, aside);
    writeRegistry(home, { "agent:main:main": { sessionId: randomUUID(), updatedAt: Date.now() - 300_000 } });
    const writer = await startWriter("held", aside);
    expect((await keeper(["rotate", "--strategy", "empty", ...home.args])).status).toBe(0);
    expect(readdirSync(dirname(aside)).filter((name) => name.endsWith(".old")).length).toBe(1);
    const written = await writer.stop();
    expect((await keeper(["rotate", "--strategy", "empty", ...home.args])).status).toBe(0);
    expect(readdirSync(dirname(aside)).filter((name) => name.endsWith(".old"))).toEqual([]);
    const counts = countLines(archivesIn(home.openclaw), written);
    expect(counts.filter((count) => count !== 1).length, `lost or doubled of ${written}`).toBe(0);
  });
});

describe("a holder that writes at an offset of its own", () => {
  it.each([
    ["with --force", ["--force"]],
    ["without", []],
  ])("is left alone and named, %s", async (_, force) => {
    home = makeHome();
    const { sessionId, path } = addClaudeSession(home, { bytes: 4000 });
    writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
    const before = { registry: readRegistryOf(home), inode: statSync(path).ino, original: readFileSync(path) };
    const writer = await startWriter("offset", path);
    const args = ["rotate", "--strategy", "empty", "--max-size", "2KB", "--session", sessionId, ...force, ...home.args];
    const report = await keeperJson(args);
    const written = await writer.stop();
    const [installation] = report.installations;
    expect(installation?.actions.at(-1)).toMatchObject({ kind: "empty-transcript", result: "busy" });
    expect(installation?.actions.at(-1)?.message).toMatch(/process \d+/);
    expect(installation?.findings).toMatchObject([{ kind: "oversized", resolved: false }]);
    expect(report.status).toBe(1);
    // all of it, its binding too: a file that stays must not be forgotten
    expect(statSync(path).ino).toBe(before.inode);
    const now = readFileSync(path);
    expect(now.subarray(0, before.original.length).equals(before.original)).toBe(true);
    expect(now.subarray(before.original.length).toString().split("\n").length - 1).toBe(written);
    expect(readRegistryOf(home)).toEqual(before.registry);
    expect(archivesIn(home.root)).toEqual([]);
  });
});
