import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import { nameForPath } from "../../src/disk/name-for-path.ts";
import { acquireRunLock } from "../../src/locks/run-lock.ts";

let state: string;
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "keeper-run-owner-"));
  mkdirSync(join(state, "locks"));
});
afterEach(() => rmSync(state, { recursive: true }));

const HOME = "/a/home";
const base = () => join(state, "locks", nameForPath(HOME));
const here = {
  bootId: readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim(),
  pidNamespace: readlinkSync("/proc/self/ns/pid"),
};
const take = () => acquireRunLock(openDisk(), state, [HOME], { waitMs: 0, onCompromised: () => undefined });

/** A run lock that was renewed so long ago, of a process with a number that nobody has here. */
function plantRunLock(where: Record<string, string>, renewedAgoMs: number): void {
  const { pid } = spawnSync("true");
  writeFileSync(`${base()}.owner`, JSON.stringify({ pid, startTicks: 1, sinceMs: Date.now() - 300_000, ...where }));
  mkdirSync(`${base()}.lock`);
  const seconds = (Date.now() - renewedAgoMs) / 1000;
  utimesSync(`${base()}.lock`, seconds, seconds);
}

test.for([
  { what: "on another host, or before the machine's start", where: { ...here, bootId: "another" } },
  { what: "in a container", where: { ...here, pidNamespace: "pid:[1]" } },
])("the lock of a run $what is theirs as long as it is renewed", async ({ where }) => {
  plantRunLock(where, 40_000);
  await expect(take()).rejects.toThrow(/^another session-keeper run is working on/);
  expect(existsSync(`${base()}.lock`)).toBe(true);
  const seconds = Date.now() / 1000 - 61;
  utimesSync(`${base()}.lock`, seconds, seconds);
  await (await take()).release();
});

test.for([
  { what: "in this place", where: here },
  { what: "of a release that did not tell where", where: {} },
])("the lock of a run $what is taken over once its process is gone", async ({ where }) => {
  plantRunLock(where, 4000);
  await (await take()).release();
});

test("a run leaves word of where it is, and of which process it is", async () => {
  const lock = await take();
  expect(JSON.parse(readFileSync(`${base()}.owner`, "utf8"))).toMatchObject({ ...here, pid: process.pid });
  await expect(take()).rejects.toThrow(`(process ${process.pid})`);
  await lock.release();
});
