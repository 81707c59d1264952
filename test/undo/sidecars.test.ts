import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { wordUndo } from "../../src/report/undo-wording.ts";
import { type Home, makeHome } from "../support/home.ts";
import {
  addSession,
  addSidecars,
  archiveSession,
  datesBelow,
  recordsOf,
  sessionsTree,
  treeOf,
  undoSession,
} from "../support/sidecars.ts";
import { put } from "../support/surroundings.ts";

vi.setConfig({ testTimeout: 120_000 }); // each random tree is a run and its undo

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

/** What a tree is made of. */
type Planted = { path: string[]; content: Buffer | "folder" | "link"; mode: number };

const fits = (name: string) =>
  name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name) && Buffer.byteLength(name) <= 255;
const plain = fc.constantFrom("a", "b", "tool-results", "subagents");
const odd = fc.constantFrom(
  "with space",
  "new\nline",
  "20 path=evil\n",
  "back\\slash",
  "-rf",
  " ",
  "..a",
  "a".repeat(100),
  "ü".repeat(127),
  "語\n".repeat(60),
);
const anyName = fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }).filter(fits);
const name = fc.oneof(plain, odd, anyName);
const planted: fc.Arbitrary<Planted> = fc.record({
  path: fc.array(name, { minLength: 1, maxLength: 4 }),
  content: fc.oneof(
    fc.constantFrom("folder" as const, "link" as const, Buffer.alloc(0), Buffer.alloc(512, "b"), Buffer.alloc(70_000)),
    fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
  ),
  mode: fc.constantFrom(0o600, 0o644, 0o400, 0o640),
});

function plant(folder: string, { path, content, mode }: Planted): void {
  try {
    const at = join(folder, ...path);
    mkdirSync(dirname(at), { recursive: true, mode: mode | 0o700 });
    if (content === "folder") mkdirSync(at, { mode: mode | 0o700 });
    else if (content === "link") symlinkSync(path.at(-1) ?? "", at);
    else writeFileSync(at, content, { mode, flag: "wx" });
  } catch (error) {
    // two of them may want the same place; a link in the way may lead in a circle
    if (!["EEXIST", "ENOTDIR", "ELOOP"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}

test("any tree comes back as it was: bytes, modes, times, links and folders", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(planted, { maxLength: 12 }), async (all) => {
      const scene = addSession(home, "claude-code");
      mkdirSync(scene.stem, { mode: 0o750 });
      for (const one of all) plant(scene.stem, one);
      datesBelow(scene.stem);
      const before = sessionsTree(scene);
      const done = await archiveSession(scene);
      expect(done?.outcomes.map(({ result, because }) => because ?? result)).toEqual(["done", "done"]);
      expect(sessionsTree(scene)).toEqual({});
      expect((await undoSession(home)).map(({ result }) => result)).toEqual(["done"]);
      expect(sessionsTree(scene)).toEqual(before);
      for (const path of [scene.stem, scene.path, scene.archives, home.state]) rmSync(path, { recursive: true });
    }),
    { numRuns: 40 },
  );
});

test("a large file comes back, too, and what OpenClaw has elsewhere in its home", async () => {
  const scene = addSession(home, "openclaw");
  addSidecars(scene);
  const large = Buffer.alloc(5_000_000);
  for (let at = 0; at < large.length; at += 1) large[at] = (at * at) % 251;
  writeFileSync(`${scene.stem}.trajectory.jsonl`, large, { mode: 0o640 });
  for (const folder of [dirname(scene.path), join(home.openclaw, "traces")]) datesBelow(folder);
  const before = sessionsTree(scene);
  await archiveSession(scene);
  expect(Object.keys(sessionsTree(scene))).toEqual([]);
  rmSync(join(home.openclaw, "traces"), { recursive: true });
  await undoSession(home);
  expect(readFileSync(`${scene.stem}.trajectory.jsonl`).equals(large)).toBe(true);
  expect(Object.keys(sessionsTree(scene))).toEqual(Object.keys(before));
  expect(sessionsTree(scene)).toEqual(before);
});

test("a project folder that its program has cleared away comes back with it", async () => {
  const scene = addSession(home, "claude-code");
  addSidecars(scene);
  const before = treeOf(dirname(scene.path));
  await archiveSession(scene);
  rmSync(dirname(scene.path), { recursive: true });
  await undoSession(home);
  expect(treeOf(dirname(scene.path))).toEqual(before);
  expect(lstatSync(dirname(scene.path)).mode & 0o777).toBe(0o700);
});

test("nothing that stands there by now is replaced, nor is anything put behind a link", async () => {
  const scene = addSession(home, "claude-code");
  addSidecars(scene);
  const at = (name: string) => join(scene.stem, name);
  put(at("subagents/deep/b.jsonl"), "{}");
  await archiveSession(scene);
  put(at("tool-results/one.txt"), "another");
  chmodSync(scene.stem, 0o711);
  mkdirSync(join(home.root, "outside", "deep"), { recursive: true });
  symlinkSync(join(home.root, "outside"), at("subagents"));
  const [outcome, ...more] = await undoSession(home);
  expect(more).toEqual([]);
  expect(outcome).toMatchObject({ result: "done", detail: { sidecars: { files: 2, kept: 3 } } });
  expect(outcome && wordUndo(outcome)).toContain("where 3 of its other files belong, something else stands by now");
  expect(readFileSync(at("tool-results/one.txt"), "utf8")).toBe("another");
  expect(readFileSync(at("tool-results/link"), "utf8")).toBe("another");
  expect(treeOf(join(home.root, "outside"))).toEqual({ deep: expect.anything() });
  expect(lstatSync(at("subagents")).isSymbolicLink()).toBe(true);
});

test("without a sound archive of its sidecars a session is not brought back", async () => {
  const scene = addSession(home, "claude-code");
  addSidecars(scene);
  await archiveSession(scene);
  const archive = join(scene.archives, recordsOf(scene)[0]?.sidecars?.archive ?? "");
  const bytes = readFileSync(archive);
  writeFileSync(archive, bytes.subarray(0, -1));
  expect(await undoSession(home)).toMatchObject([
    { result: "failed", because: expect.stringContaining("cannot be trusted") },
  ]);
  expect(sessionsTree(scene)).toEqual({});
  rmSync(archive);
  expect(await undoSession(home)).toMatchObject([
    { result: "blocked", because: `its archive ${archive} is not there any more` },
  ]);
  writeFileSync(archive, bytes);
  expect(await undoSession(home)).toMatchObject([{ result: "done" }]);
  expect(await undoSession(home)).toMatchObject([{ result: "already-done" }]);
});
