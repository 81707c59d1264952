import { spawn } from "node:child_process";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import { fingerprintOfDescriptor } from "../../src/disk/fingerprint.ts";
import { takeProbes } from "../../src/disk/probes.ts";
import { dropArchivedBytes, putInPlace, type Shortened } from "../../src/disk/shorten.ts";

const ORIGINAL = Array.from({ length: 2000 }, (_, index) => `{"number":${index}}\n`).join("");

let folder: string;
let path: string;
let file: FileHandle;
let disk: ReturnType<typeof openDisk>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "shorten-"));
  path = join(folder, "t.jsonl");
  writeFileSync(path, ORIGINAL);
  file = await open(path);
  disk = openDisk();
});
afterEach(async () => {
  await file.close();
  rmSync(folder, { recursive: true });
});

/** Takes all of the file out, as after an archive of it. */
async function drop(meanwhile: () => void = () => undefined): Promise<Shortened> {
  const probes = takeProbes(file.fd, ORIGINAL.length);
  meanwhile();
  return await dropArchivedBytes(disk, path, file, fingerprintOfDescriptor(file.fd), probes, Date.now());
}

/** A process that keeps the file open to append to it. */
async function hold(): Promise<void> {
  const child = spawn("sh", ["-c", 'exec 3>>"$0"; exec sleep 600', path], { stdio: "ignore" });
  onTestFinished(() => void child.kill("SIGKILL"));
  while (!readdirSync(`/proc/${child.pid}/fd`).includes("3")) await new Promise((resolve) => setTimeout(resolve, 5));
}

const GONE = { refused: "another file took its name", isChanged: true };
const CHANGED = { refused: "it was written to in the meantime", isChanged: true };

function expectOnly(text: string): void {
  expect(readFileSync(path, "utf8")).toBe(text);
  expect(readdirSync(folder)).toEqual(["t.jsonl"]);
}

test("what was added since is all that stays", async () => {
  expect(await drop(() => appendFileSync(path, "late\n"))).toEqual({
    ...{ how: "swapped", carriedBytes: 5, paddingBytes: 0 },
  });
  expectOnly("late\n");
});

test("a file that another program gave the name in the last moment keeps it", async () => {
  const { link } = disk;
  disk.link = (from, to) => {
    link.call(disk, from, to);
    writeFileSync(`${path}.tmp`, "written by its program\n");
    renameSync(`${path}.tmp`, path);
  };
  expect(await drop()).toEqual(GONE);
  expectOnly("written by its program\n");
});

test("a file that its program removed in the last moment does not come back", async () => {
  const { link } = disk;
  disk.link = (from, to) => {
    link.call(disk, from, to);
    rmSync(path);
  };
  expect(await drop()).toEqual(GONE);
  expect(readdirSync(folder)).toEqual([]);
});

test("what was carried over and taken back then is not written to the new file", async () => {
  const draft = join(folder, "draft");
  writeFileSync(draft, "");
  const probes = takeProbes(file.fd, ORIGINAL.length);
  appendFileSync(path, "late\nand taken back\n");
  const { append } = disk;
  disk.append = (to, content, options) => {
    truncateSync(path, ORIGINAL.length + 5);
    appendFileSync(path, "and written anew\n");
    return append.call(disk, to, content, options);
  };
  expect(await putInPlace(disk, path, file, probes, { draft, mtimeMs: Date.now() })).toEqual(CHANGED);
  expectOnly(`${ORIGINAL}late\nand written anew\n`);
});

/** What a file system that cannot do it says of the file itself, though it could of one made for a trial. */
function refuseAtLast(then: () => void = () => undefined): void {
  let calls = 0;
  disk.collapse = async () => {
    calls += 1;
    if (calls > 1) then();
    return calls === 1;
  };
}

test("a file that cannot be shortened in place after all is as it was", async () => {
  await hold();
  refuseAtLast(() => appendFileSync(path, "late\n"));
  expect(await drop()).toEqual({ refused: "the file system refused to shorten it in place" });
  expectOnly(`${ORIGINAL}late\n`);
});

test("one whose shortening fails with an error is as it was, too", async () => {
  await hold();
  refuseAtLast(() => {
    throw new Error("EIO");
  });
  await expect(drop()).rejects.toThrow("EIO");
  expectOnly(ORIGINAL);
});

test("nothing is put back into a file that became shorter in that moment", async () => {
  await hold();
  refuseAtLast(() => truncateSync(path, 10));
  expect(await drop()).toEqual({ refused: "the file system refused to shorten it in place" });
  expectOnly(ORIGINAL.slice(0, 10));
});

test.for([
  ["shorter than one block", 100],
  ["shorter than what is archived", 2 * statfsSync(tmpdir()).bsize],
] as const)("a file that is %s by now, and held open, is left alone", async ([, bytes]) => {
  await hold();
  disk.collapse = async () => true;
  expect(await drop(() => truncateSync(path, bytes))).toEqual(CHANGED);
  expectOnly(ORIGINAL.slice(0, bytes));
});

test("rows that somebody who holds it open took back and wrote anew stay", async () => {
  await hold();
  disk.collapse = async () => true;
  const anew = "x\n".repeat(3000);
  const between = () => {
    truncateSync(path, ORIGINAL.length - 14);
    appendFileSync(path, anew);
  };
  expect(await drop(between)).toEqual(CHANGED);
  expectOnly(ORIGINAL.slice(0, -14) + anew);
});
