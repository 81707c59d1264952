import { appendFileSync, chmodSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recoverSetAside } from "../../src/apply/recover.ts";
import { openDisk } from "../../src/disk/disk.ts";
import { asidePathFor } from "../../src/disk/left-behind.ts";
import { wordOutcome } from "../../src/report/wording.ts";
import { type Home, makeHome, unzip } from "../support/home.ts";
import { addSession, addSidecars, archiveSession, recordsOf, sessionsTree, toolsFor } from "../support/sidecars.ts";
import { put } from "../support/surroundings.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const DIALECTS = ["claude-code", "openclaw"] as const;

test.each(DIALECTS)("a session of %s goes with all that belongs to it, and nothing else does", async (dialect) => {
  const other = addSession(home, dialect);
  addSidecars(other);
  const before = sessionsTree(other);
  const scene = addSession(home, dialect);
  addSidecars(scene);
  const done = await archiveSession(scene);
  expect(done?.isFinished).toBe(true);
  expect(done?.outcomes[1]?.because).toBeUndefined();
  expect(done?.outcomes[1]?.detail).toMatchObject({
    sidecars: { removed: dialect === "openclaw" ? 3 : 4, stays: 0 },
  });
  expect(sessionsTree(other)).toEqual(before);
  expect(readdirSync(dirname(scene.path)).filter((name) => name.includes(scene.sessionId))).toEqual([]);
});

test("what was changed or came since it was packed stays, and is told", async () => {
  const scene = addSession(home, "claude-code");
  addSidecars(scene);
  const at = (name: string) => join(scene.stem, name);
  const done = await archiveSession(scene, {
    between: () => {
      appendFileSync(at("subagents/agent-a.jsonl"), "late\n");
      chmodSync(at("tool-results/one.txt"), 0o600);
      put(at("tool-results/new.txt"), "new");
      rmSync(at("tool-results/none.txt"));
    },
  });
  const outcome = done?.outcomes[1];
  expect(outcome).toMatchObject({ result: "done", detail: { sidecars: { removed: 1, stays: 3 } } });
  expect(outcome?.because?.split("; ")).toEqual([
    `${at("subagents/agent-a.jsonl")} stays, because it was changed in the meantime`,
    `${at("tool-results/one.txt")} stays, because it was changed in the meantime`,
    `${at("tool-results/new.txt")} stays, because it came in the meantime`,
  ]);
  expect(outcome && wordOutcome(outcome)).toContain("stays, because it was changed in the meantime");
  expect(existsSync(scene.path)).toBe(false);
  const left = (readdirSync(scene.stem, { recursive: true }) as string[]).sort();
  expect(left).toEqual([
    "subagents",
    "subagents/agent-a.jsonl",
    "tool-results",
    "tool-results/new.txt",
    "tool-results/one.txt",
  ]);
});

test("a transcript that another file took the place of is left alone, and all that belongs to it", async () => {
  const scene = addSession(home, "claude-code");
  addSidecars(scene);
  const disk = openDisk();
  const { rename } = disk;
  disk.rename = (from, to) => {
    if (from === scene.path) {
      put(`${scene.path}.new`, "another\n");
      renameSync(`${scene.path}.new`, scene.path);
    }
    rename.call(disk, from, to);
  };
  const done = await archiveSession(scene, { disk });
  expect(done?.outcomes[1]).toMatchObject({ result: "changed-since-plan", because: "another file took its name" });
  expect(sessionsTree(scene)).toMatchObject({
    [scene.path.slice(home.claude.length + 1)]: expect.stringContaining(Buffer.from("another\n").toString("base64")),
    [`${scene.stem.slice(home.claude.length + 1)}/tool-results/one.txt`]: expect.anything(),
  });
  expect(readdirSync(dirname(scene.path)).filter((name) => name.includes("session-keeper"))).toEqual([]);
});

test("what the disk does not let go stays for now, and goes with the next run", async () => {
  const scene = addSession(home, "claude-code");
  addSidecars(scene);
  const disk = openDisk();
  const { remove } = disk;
  disk.remove = (path) => {
    if (path.endsWith("/one.txt")) throw Object.assign(new Error("EIO"), { code: "EIO" });
    remove.call(disk, path);
  };
  const done = await archiveSession(scene, { disk });
  const because = `${join(scene.stem, "tool-results", "one.txt")} stays for now: the disk reports an error`;
  expect(done?.outcomes[1]).toMatchObject({ result: "done", because });
  expect(existsSync(scene.path)).toBe(false);
  expect(await recoverSetAside(await toolsFor(home, "next"))).toEqual([]);
  expect(readdirSync(dirname(scene.path))).toEqual([]);
  expect(recordsOf(scene)).toHaveLength(1);
});

test("what was added to a removed transcript in the moment of a kill is archived, and the file stays away", async () => {
  for (const dialect of DIALECTS) {
    const scene = addSession(home, dialect);
    addSidecars(scene);
    await archiveSession(scene, { removes: false });
    const [archived] = recordsOf(scene);
    const aside = asidePathFor(scene.path, archived?.bytes ?? 0);
    renameSync(scene.path, aside);
    appendFileSync(aside, "late\n");
    put(join(scene.stem, "kept"), "not archived");
    expect(await recoverSetAside(await toolsFor(home, "next"))).toEqual([]);
    expect(existsSync(scene.path)).toBe(false);
    expect(existsSync(aside)).toBe(false);
    const tail = recordsOf(scene).at(-1);
    expect(tail).toMatchObject({ dialect, source: scene.path, sessionId: scene.sessionId, segment: 2 });
    expect(unzip(join(scene.archives, tail?.archive ?? "")).toString()).toBe("late\n");
    expect(Object.keys(sessionsTree(scene)).filter((name) => !/\/kept$/.test(name))).toEqual(
      dialect === "claude-code"
        ? [scene.stem.slice(home.claude.length + 1)]
        : [expect.stringContaining(scene.sessionId)],
    );
    rmSync(scene.stem, { recursive: true });
  }
});

test("after a kill they stay where no sound archive holds them, or their session lives", async () => {
  for (const spoil of ["archive", "catalog", "live"] as const) {
    const scene = addSession(home, "claude-code");
    addSidecars(scene);
    const before = sessionsTree(scene);
    await archiveSession(scene, { removes: false });
    const [record] = recordsOf(scene);
    const aside = asidePathFor(scene.path, record?.bytes ?? 0);
    renameSync(scene.path, aside);
    if (spoil === "archive") appendFileSync(join(scene.archives, record?.sidecars?.archive ?? ""), "x");
    if (spoil === "catalog") rmSync(join(scene.archives, "catalog.jsonl"));
    if (spoil === "live") writeFileSync(scene.path, "");
    await recoverSetAside(await toolsFor(home, "next"));
    const names = Object.keys(before).filter((name) => !name.endsWith(".jsonl") || name.includes("agent-a"));
    expect(sessionsTree(scene)).toMatchObject(Object.fromEntries(names.map((name) => [name, before[name]])));
    for (const path of [scene.stem, scene.path]) rmSync(path, { recursive: true, force: true });
    rmSync(scene.archives, { recursive: true });
  }
});
