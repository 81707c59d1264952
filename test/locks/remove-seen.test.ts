import { spawn, spawnSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import { draftPathFor } from "../../src/disk/left-behind.ts";
import { startTicksOf } from "../../src/host/processes.ts";
import { acquireGatewayLock } from "../../src/locks/gateway-lock.ts";
import { ownerFacts } from "../../src/locks/judge-here.ts";
import { type LockFile, readLock } from "../../src/locks/lock-file.ts";
import { removeSeen, settleCaptured } from "../../src/locks/remove-seen.ts";
import { judgeLock } from "../../src/locks/staleness.ts";

const HERE = { foreignPids: false };

function scratch(): { folder: string; path: string } {
  const folder = mkdtempSync(join(tmpdir(), "keeper-lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return { folder, path: join(folder, "a.jsonl.lock") };
}

function seen(path: string): LockFile {
  const lock = readLock(path);
  if (!lock) throw new Error(`there is no ${path}`);
  return lock;
}

/** A disk on which something happens in the very moment of the capture, just before the rename or just after it. */
function diskWith(moment: { before?: () => void; after?: () => void }) {
  const disk = openDisk();
  let isFirst = true;
  return {
    ...disk,
    rename(from: string, to: string) {
      if (isFirst) moment.before?.();
      disk.rename(from, to);
      if (isFirst) moment.after?.();
      isFirst = false;
    },
  };
}

test.for([
  ["a file", (path: string) => writeFileSync(path, "{}")],
  ["an empty directory", (path: string) => mkdirSync(path)],
] as const)("%s that was seen is removed, and nothing else is left", async ([, plant]) => {
  const { folder, path } = scratch();
  plant(path);
  expect(await removeSeen(openDisk(), seen(path), HERE)).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
  expect(await removeSeen(openDisk(), { ...seen(folder), path }, HERE)).toBe(true); // somebody else was faster
});

test("a lock that was taken anew in the moment of the capture is put back as it is", async () => {
  const { folder, path } = scratch();
  writeFileSync(path, "old");
  const judged = seen(path);
  let inode = 0;
  const before = () => {
    unlinkSync(path);
    writeFileSync(path, "new");
    inode = statSync(path).ino;
  };
  expect(await removeSeen(diskWith({ before }), judged, HERE)).toBe(false);
  expect(readFileSync(path, "utf8")).toBe("new");
  expect(statSync(path).ino).toBe(inode);
  expect(readdirSync(folder)).toEqual(["a.jsonl.lock"]);
});

test("one with the same inode and the same content, but made later, is another lock", async () => {
  const { path } = scratch();
  writeFileSync(path, "");
  utimesSync(path, 1000, 1000);
  const judged = seen(path);
  expect(await removeSeen(diskWith({ before: () => utimesSync(path, 2000, 2000) }), judged, HERE)).toBe(false);
  expect(existsSync(path)).toBe(true);
});

test("a lock that is put back never takes the place of one that was taken meanwhile", async () => {
  const { folder, path } = scratch();
  writeFileSync(path, "old");
  const judged = seen(path);
  const moment = {
    before: () => writeFileSync(path, "second"),
    after: () => writeFileSync(path, "third"),
  };
  expect(await removeSeen(diskWith(moment), judged, HERE)).toBe(false);
  expect(readFileSync(path, "utf8")).toBe("third");
  expect(readdirSync(folder)).toEqual(["a.jsonl.lock"]);
});

test("a directory in which something turned up stays", async () => {
  const { folder, path } = scratch();
  mkdirSync(path);
  const judged = seen(path);
  expect(await removeSeen(diskWith({ before: () => writeFileSync(join(path, "x"), "") }), judged, HERE)).toBe(false);
  expect(readdirSync(path)).toEqual(["x"]);
  expect(readdirSync(folder)).toEqual(["a.jsonl.lock"]);
});

test("what a killed run captured goes, but what somebody holds open gets its name back", async () => {
  const { folder, path } = scratch();
  const [dead, held] = [draftPathFor(path), draftPathFor(path)];
  writeFileSync(dead, "{}");
  await settleCaptured(openDisk(), dead, HERE);
  expect(readdirSync(folder)).toEqual([]);
  writeFileSync(held, "{}");
  const owner = spawn("sh", ["-c", 'exec 3<"$0"; echo; read x', held], { stdio: ["pipe", "pipe", "ignore"] });
  onTestFinished(() => void owner.kill("SIGKILL"));
  await new Promise((resolve) => owner.stdout.once("data", resolve));
  await settleCaptured(openDisk(), held, HERE);
  expect(readdirSync(folder)).toEqual(["a.jsonl.lock"]);
  const folderDraft = draftPathFor(path);
  mkdirSync(folderDraft);
  await settleCaptured(openDisk(), folderDraft, HERE);
  expect(readdirSync(folder)).toEqual(["a.jsonl.lock"]);
});

describe("a lock that was captured by mistake", () => {
  /** Puts a lock in place of the one that was judged, lets something happen before it is back, and waits for the end. */
  async function captureByMistake(
    take: (path: string) => void,
    meanwhile: () => void,
    sight = HERE,
  ): Promise<{ left: string[]; tookMs: number }> {
    const { folder, path } = scratch();
    writeFileSync(path, "old");
    const judged = seen(path);
    const before = () => {
      unlinkSync(path);
      take(path);
    };
    const begun = performance.now();
    expect(await removeSeen(diskWith({ before, after: meanwhile }), judged, sight)).toBe(false);
    return { left: readdirSync(folder), tookMs: performance.now() - begun };
  }

  const payload = (more: object) => JSON.stringify({ pid: process.pid, ...more }, null, 2);
  const createdAt = new Date().toISOString();

  test("goes when its owner, who keeps it open as long as it is his, lets go of it before it is back", async () => {
    let descriptor = 0;
    const take = (path: string) => {
      descriptor = openSync(path, "wx");
      writeSync(descriptor, payload({ createdAt, starttime: startTicksOf(process.pid) }));
    };
    const { left } = await captureByMistake(take, () => closeSync(descriptor));
    expect(left).toEqual([]);
    expect((await captureByMistake(take, () => undefined)).left).toEqual(["a.jsonl.lock"]);
    closeSync(descriptor);
  });

  test("is left to its owner, who has closed it and is about to remove it", async () => {
    let lock = "";
    const take = (path: string) => {
      lock = path;
      writeFileSync(path, payload({ createdAt }));
    };
    const removal = { isOwn: false };
    const { tookMs } = await captureByMistake(take, () => {
      setTimeout(() => {
        unlinkSync(lock); // fails the test when it is gone already
        removal.isOwn = true;
      }, 200);
    });
    expect(removal.isOwn).toBe(true);
    expect(tookMs).toBeLessThan(900);
  });

  test.for([
    ["the oldest gateways close theirs at once", { startedAt: Date.now() }, HERE],
    ["what a container's process has open is not seen here", { createdAt }, { foreignPids: true }],
    ["another process has its number by now", { createdAt, starttime: 1 }, HERE],
    ["its owner is gone, and the next run judges it", { createdAt, pid: spawnSync("true").pid }, HERE],
  ] as const)("stays where nothing tells that it was let go: %s", async ([, more, sight]) => {
    const { left, tookMs } = await captureByMistake(
      (path) => writeFileSync(path, payload(more)),
      () => undefined,
      sight,
    );
    expect(left).toEqual(["a.jsonl.lock"]);
    expect(tookMs).toBeLessThan(900);
  });

  test("goes when it is our own and we let go of it before it is back", async () => {
    const { folder, path } = scratch();
    const held = await acquireGatewayLock(openDisk(), path.replace(/\.lock$/, ""), { waitMs: 0, rules: policy });
    if ("busy" in held) throw new Error(held.busy);
    const judged = seen(path);
    const moment = { before: () => utimesSync(path, 2000, 2000), after: () => expect(held.release()).toBe(false) };
    expect(await removeSeen(diskWith(moment), judged, HERE)).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });
});

const policy = { minAgeMs: 30_000, unknownOwnerAgeMs: 1_800_000, foreignPids: false };

const contests: { who: string; takers: { rounds: number; maySteal: "yes" | "no" }[] }[] = [
  { who: "one process, which also steals locks of the dead,", takers: [{ rounds: 1000, maySteal: "yes" }] },
  {
    who: "a pair of processes, each waiting for the other,",
    takers: [
      { rounds: 500, maySteal: "no" },
      { rounds: 500, maySteal: "no" },
    ],
  },
];

test.for(contests)(
  "while $who takes and releases the lock a thousand times, removal never makes two owners and never loses a lock",
  { timeout: 60_000 },
  async ({ takers }) => {
    const { folder, path } = scratch();
    const gone = spawnSync("true").pid;
    const program = join(import.meta.dirname, "take-and-release.cjs");
    const running = takers.map(({ rounds, maySteal }) =>
      spawn(process.execPath, [program, path, String(rounds), String(gone), maySteal], {
        stdio: ["ignore", "pipe", "inherit"],
      }),
    );
    const said = running.map(
      (child) => new Promise<string>((resolve) => child.stdout.on("data", (data) => resolve(String(data)))),
    );
    let isOver = false;
    void Promise.all(said).then(() => (isOver = true));
    let removed = 0;
    while (!isOver) {
      const lock = readLock(path);
      if (
        lock &&
        judgeLock(lock, policy, Date.now(), ownerFacts).state === "stale" &&
        (await removeSeen(openDisk(), lock, HERE))
      )
        removed += 1;
      await sleep(0);
    }
    const told = (await Promise.all(said)).map((text) => JSON.parse(text) as Record<string, number>);
    const sum = (name: string) => told.reduce((total, one) => total + (one[name] ?? 0), 0);
    expect({ taken: sum("taken"), twoOwners: sum("twoOwners"), lost: sum("lost"), missed: sum("missed") }).toEqual({
      taken: 1000,
      twoOwners: 0,
      lost: 0,
      missed: 0,
    });
    expect(removed).toBeGreaterThan(10);
    const rest = readLock(path);
    if (rest) expect(await removeSeen(openDisk(), rest, HERE)).toBe(true);
    expect(readdirSync(folder)).toEqual([]);
  },
);
