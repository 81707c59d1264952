import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Disk, openDisk } from "../../src/disk/disk.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  archivesIn,
  boundEntry,
  type Home,
  makeHome,
  readRegistryOf,
  sessionsFolder,
  unzip,
  writeRegistry,
} from "../support/home.ts";
import { DAY } from "./archive-scene.ts";
import { archiveInProcess, pretendItEnded } from "./in-process.ts";
import { leftovers, linesOf } from "./scene.ts";

vi.setConfig({ testTimeout: 180_000 }); // on a machine that may be slow

const KEY = "agent:main:telegram:direct:49";
const WRITING_MS = 300;

type Returned = { path: string; original: Buffer; entry: Record<string, unknown>; registry: string };

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

/** An idle session that an entry leads to. */
function addIdle(dialect: "claude-code" | "openclaw"): Returned {
  const idleMs = 9 * DAY;
  const isClaude = dialect === "claude-code";
  const { sessionId, path } = (isClaude ? addClaudeSession : addOpenClawSession)(home, { idleMs });
  const updatedAt = Date.now() - idleMs;
  const entry = isClaude ? boundEntry(sessionId, { updatedAt }) : { sessionId, updatedAt, sessionFile: path };
  return { path, original: readFileSync(path), entry, registry: writeRegistry(home, { [KEY]: entry }) };
}

/** When somebody comes back: once the transcript is archived, once its entry is edited, or when it is about to lose its name. */
const MOMENTS = {
  archived: (name: string, path: string) => name === "append" && path.endsWith("catalog.jsonl"),
  edited: (name: string, _: string, to: unknown) => name === "rename" && `${to}`.endsWith("sessions.json"),
  renamed: (name: string, _: string, to: unknown) => name === "rename" && `${to}`.endsWith(".old"),
};
type Moment = keyof typeof MOMENTS;

/** A real disk on which something happens once, at a moment of the run: right before the file loses its name, else after. */
function withVisit(moment: Moment, visit: () => void): Disk {
  const real = openDisk();
  let isOver = false;
  const disk: Record<string, unknown> = { ...real };
  for (const name of ["append", "rename"] as const) {
    const original = real[name].bind(real) as (...args: unknown[]) => unknown;
    disk[name] = (path: string, to: unknown, ...rest: unknown[]) => {
      const isDue = !isOver && MOMENTS[moment](name, path, to);
      isOver ||= isDue;
      if (isDue && moment === "renamed") visit();
      const result = original(path, to, ...rest);
      if (isDue && moment !== "renamed") visit();
      return result;
    };
  }
  return disk as Disk;
}

function blockUntil(isTrue: () => boolean): void {
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  for (const end = Date.now() + 10_000; !isTrue(); Atomics.wait(sleeper, 0, 0, 1))
    if (Date.now() > end) throw new Error("it never came");
}

/** A process that appends numbered lines for a while; the run waits until it is at it. `ended`: how many it wrote. */
function startWriter(how: "append" | "held", path: string): Promise<number> {
  const before = statSync(path).size;
  const stop = join(home.root, "stop");
  const script = join(import.meta.dirname, "write-lines.cjs");
  const child = spawn(process.execPath, [script, how, path, stop], { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  const ended = new Promise<number>((resolve) => {
    child.once("close", () => resolve(Number(output.trim().split("\n").at(-1))));
  });
  blockUntil(() => statSync(path).size > before);
  setTimeout(() => writeFileSync(stop, ""), WRITING_MS);
  return ended;
}

const visits = (["archived", "edited", "renamed"] as const).flatMap((moment) => [
  ["claude-code", moment, "append"] as const,
  ["claude-code", moment, "held"] as const,
  ["openclaw", moment, "append"] as const,
]);

it.each(visits)("whoever comes back to a session of %s (%s, %s) finds it, or all of it is archived", async (...of) => {
  const [dialect, moment, how] = of;
  const session = addIdle(dialect);
  let written: Promise<number> | undefined;
  const disk = withVisit(moment, () => {
    written = startWriter(how, session.path);
  });
  const { report } = await archiveInProcess(home, disk);
  const count = await written;
  expect(count).toBeGreaterThan(0);
  const removal = report.actions.find(({ kind }) => kind === "remove-transcript");
  const stays = existsSync(session.path);
  if (moment === "renamed") expect(removal?.result).toBe("done");
  else {
    // it is as if nobody had looked at it, but for the entry where that had been edited already
    expect(stays).toBe(true);
    expect(report.actions.at(-1)).toMatchObject({ result: "changed-since-plan" });
    expect(readFileSync(session.path).subarray(0, session.original.length).equals(session.original)).toBe(true);
    const { sessionId } = readRegistryOf(home)[KEY] ?? {};
    if (moment === "archived") expect(readRegistryOf(home)[KEY]).toEqual(session.entry);
    else expect(sessionId).not.toBe(session.entry.sessionId);
  }
  expectEachOnce(session, count ?? 0);
  pretendItEnded(home.root);
  expect((await archiveInProcess(home)).report.failure).toBeUndefined();
  expect(existsSync(session.path)).toBe(stays);
  expectEachOnce(session, count ?? 0);
  expect(leftovers(home)).toEqual([]);
});

/** Every line of the session and of the writer is there; his, which nobody else has, just once. */
function expectEachOnce({ path, original }: Returned, written: number): void {
  const asides = readdirSync(dirname(path)).filter((name) => name.endsWith(".old"));
  const live = [path, ...asides.map((name) => join(dirname(path), name))].filter((one) => existsSync(one));
  const lines = [...archivesIn(home.root).map(unzip), ...live.map((one) => readFileSync(one))].flatMap(linesOf);
  const kept = new Set(lines);
  expect(linesOf(original).filter((line) => !kept.has(line)).length, "lines that are nowhere").toBe(0);
  const numbers = lines.flatMap((line) => /^\{"number":(\d+)\}$/.exec(line)?.[1] ?? []).map(Number);
  expect(new Set(numbers).size, "lines of the writer").toBe(written);
  if (asides.length === 0) expect(numbers.length, "lines of the writer, one by one").toBe(written);
}

/** Run as the gateway would be: locks the registry in its own way, for so many milliseconds, and writes the entry anew. */
const GATEWAY = `
const fs = require("fs");
const [registry, holdMs] = process.argv.slice(1);
const starttime = Number(fs.readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ")[19]);
const payload = { pid: process.pid, createdAt: new Date().toISOString(), starttime };
fs.writeFileSync(registry + ".lock", JSON.stringify(payload, null, 2), { flag: "wx" });
setTimeout(() => {
  const entries = JSON.parse(fs.readFileSync(registry, "utf8"));
  for (const entry of Object.values(entries)) entry.updatedAt = Date.now();
  fs.writeFileSync(registry + ".draft", JSON.stringify(entries, null, 2), { mode: 0o600 });
  fs.renameSync(registry + ".draft", registry);
  fs.unlinkSync(registry + ".lock");
}, Number(holdMs));
`;

it.each([
  ["and is done", 0],
  ["and still holds its lock when it is to be edited", 500],
])(
  "an entry that the gateway updates after it was looked at stays, and so does its transcript (%s)",
  async (_, holdMs) => {
    const session = addIdle("openclaw");
    const before = Number(session.entry.updatedAt);
    const disk = withVisit("archived", () => {
      const args = ["-e", GATEWAY, session.registry, String(holdMs)];
      if (holdMs === 0) expect(spawnSync(process.execPath, args).status).toBe(0);
      else spawn(process.execPath, args, { stdio: "inherit" });
      if (holdMs > 0) blockUntil(() => existsSync(`${session.registry}.lock`));
    });
    const { report } = await archiveInProcess(home, disk);
    expect(report.actions).toMatchObject([
      { kind: "archive-transcript", result: "done" },
      { kind: "edit-registry", result: "changed-since-plan", message: expect.stringContaining("registry entry") },
    ]);
    for (let runs = 0; runs < 2; runs += 1) {
      const { updatedAt, ...entry } = readRegistryOf(home)[KEY] ?? {};
      expect({ ...entry, updatedAt: before }).toEqual(session.entry);
      expect(updatedAt).toBeGreaterThan(before);
      expect(readFileSync(session.path).equals(session.original)).toBe(true);
      expect(leftovers(home)).toEqual([]);
      expect(readdirSync(sessionsFolder(home)).length).toBe(2);
      await archiveInProcess(home); // the next one leaves it alone, too
    }
  },
);
