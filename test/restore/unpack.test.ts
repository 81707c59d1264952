import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Archive, readArchives } from "../../src/restore/archives.ts";
import { unpack } from "../../src/restore/unpack.ts";
import { addArchive } from "../support/archives.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-unpack-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const never = new AbortController().signal;

function archive(content: string): Archive {
  addArchive(folder, content, { sessionId: "s1", source: "/s1" });
  return readArchives(folder)[0] as Archive;
}

async function read(of: Archive, signal = never): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of unpack(of, signal)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

/** Text that does not compress away. */
const long = () => Array.from({ length: 400_000 }, () => Math.random().toString(36)).join("\n");

test("every byte comes out, in pieces", async () => {
  const content = long();
  const of = archive(content);
  let pieces = 0;
  for await (const _ of unpack(of, never)) pieces += 1;
  expect(pieces).toBeGreaterThan(5);
  expect(await read(of)).toBe(content);
});

test("one that was changed, cut off or exchanged is refused", async () => {
  const of = archive(long());
  const whole = readFileSync(of.path);
  const changed = Buffer.from(whole);
  changed.writeUInt8((changed.at(-50_000) ?? 0) ^ 0xff, changed.length - 50_000);
  for (const bytes of [changed, whole.subarray(0, -1000)]) {
    writeFileSync(of.path, bytes);
    await expect(read(of)).rejects.toThrow("cannot be unpacked");
  }
  writeFileSync(of.path, whole);
  const other = { ...of, record: { ...of.record, sha256: "0".repeat(64) } };
  await expect(read(other)).rejects.toThrow("not what went in");
});

test("one that is not there is missing, and a link is never followed", async () => {
  const of = archive("a\n");
  rmSync(of.path);
  await expect(read(of)).rejects.toMatchObject({ code: "missing" });
  writeFileSync(join(folder, "elsewhere"), "a\n");
  symlinkSync(join(folder, "elsewhere"), of.path);
  await expect(read(of)).rejects.toThrow();
});

test("whoever has seen enough may stop, and leaves no file open", async () => {
  const of = archive(long());
  const before = readdirSync("/proc/self/fd").length;
  for (let round = 0; round < 20; round += 1) for await (const _ of unpack(of, never)) break;
  expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(before);
});

test("a stop is told as what it is", async () => {
  const stop = new AbortController();
  const of = archive(long());
  const reading = (async () => {
    for await (const _ of unpack(of, stop.signal)) stop.abort(new Error("stopped by SIGINT"));
  })();
  await expect(reading).rejects.toThrow("stopped by SIGINT");
});
