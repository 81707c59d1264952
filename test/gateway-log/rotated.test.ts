import { appendFileSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { fileKey, type OpenLog, openLog } from "../../src/gateway-log/open-log.ts";
import { type LogPosition, positionAfter } from "../../src/gateway-log/position.ts";
import type { ReadContext } from "../../src/gateway-log/read-range.ts";
import { readNewGenerations, readRest } from "../../src/gateway-log/rotated.ts";

let folder: string;
let path: string;
let texts: string[];
let context: ReadContext;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-rotated-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  path = join(mkdtempSync(join(folder, "x-")), "gw.log");
  texts = [];
  const onLine = (line: string) => texts.push(line);
  context = { now: 99, needles: ["bad"], onLine, taken: new Set(), undatedAt: 7 };
});

async function on<T>(file: string, use: (log: OpenLog) => Promise<T>): Promise<T> {
  const log = (await openLog(file)) as OpenLog;
  return use(log).finally(() => log.handle.close());
}

const positionIn = (file: string, offset: number): Promise<LogPosition> =>
  on(file, (log) => positionAfter(log, undefined, { offset, lastAt: 5 }, 1));

test("the rest is looked for among the files of the log's name, by what had been read", async () => {
  writeFileSync(path, "bad 1\nbad 2\n");
  const position = await positionIn(path, 6);
  renameSync(path, `${path}-old`);
  writeFileSync(path, "bad 3\n");
  const { older, lastAt } = await readRest(path, position, context);
  expect(texts).toEqual(["bad 2"]);
  expect(older).toMatchObject([{ path: `${path}-old`, position: { offset: 12, seenAt: 99, lastAt: 7 } }]);
  expect(lastAt).toBe(7);
});

test("a compressed rest is read once, and remembered by its file whatever its name", async () => {
  writeFileSync(path, "bad 1\n");
  const position = await positionIn(path, 6);
  writeFileSync(`${path}.1.gz`, gzipSync("bad 1\nbad 2\ntorn bad 3"));
  rmSync(path);
  const first = await readRest(path, position, context);
  expect(texts).toEqual(["bad 2", "torn bad 3"]);
  expect(first.older).toMatchObject([{ path: `${path}.1.gz`, position: { state: "packed" } }]);
  renameSync(`${path}.1.gz`, `${path}.2.gz`);
  const packed = { ...(first.older[0]?.position as LogPosition), log: path };
  context.taken.clear();
  const second = await readRest(`${path}.1.gz`, packed, context);
  expect(second.older).toEqual([{ path: `${path}.2.gz`, position: packed }]);
  expect(context.taken.size).toBe(1);
  const reused = { ...packed, bornMs: packed.bornMs - 1 };
  if (packed.bornMs > 0) expect((await readRest(`${path}.1.gz`, reused, context)).older).toEqual([]);
  rmSync(`${path}.2.gz`);
  expect((await readRest(`${path}.1.gz`, packed, context)).older).toEqual([]);
  expect(texts).toHaveLength(2);
});

test("a last line without its newline counts in a copy, and waits in a renamed log", async () => {
  writeFileSync(path, "bad 1\n");
  const position = await positionIn(path, 6);
  writeFileSync(`${path}.1`, "bad 1\nbad copied");
  expect((await readRest(path, { ...position, inode: 1 }, context)).older).toMatchObject([{ path }]);
  rmSync(path);
  context.taken.clear();
  await readRest(path, position, context);
  expect(texts).toEqual(["bad copied"]);
  appendFileSync(`${path}.1`, "\nbad torn");
  const renamed = await positionIn(`${path}.1`, 17);
  context.taken.clear();
  await readRest(path, renamed, context);
  expect(texts).toEqual(["bad copied"]);
});

test("of new generations only what is newer is delivered, and files that are taken are left alone", async () => {
  const line = (second: number) => `2026-02-08T16:53:0${second}Z bad ${second}\n`;
  const from = Date.parse("2026-02-08T16:53:03Z");
  writeFileSync(`${path}.1`, line(5) + line(6));
  writeFileSync(`${path}.2`, line(2) + line(3) + line(4));
  writeFileSync(`${path}.3.gz`, gzipSync(line(1) + line(4)));
  writeFileSync(`${path}.4`, line(7));
  await on(`${path}.4`, async ({ stats }) => context.taken.add(fileKey(stats)));
  const { older, lastAt } = await readNewGenerations(path, { mtimeMs: 0, from }, context);
  expect(texts.map((text) => text.slice(-1)).toSorted()).toEqual(["3", "4", "4", "5", "6"]);
  expect(older).toHaveLength(3);
  expect(lastAt).toBe(Date.parse("2026-02-08T16:53:06Z"));
  const again = await readNewGenerations(path, { mtimeMs: 0, from }, context);
  expect(again.older).toEqual([]);
});

test("a file whose time of change knows whole seconds only is not taken for older", async () => {
  writeFileSync(`${path}.1`, "bad\n");
  utimesSync(`${path}.1`, 1000, 1000);
  expect((await readNewGenerations(path, { mtimeMs: 1_000_900, from: 0 }, context)).older).toHaveLength(1);
});

test("files that were last written before the look are not opened", async () => {
  writeFileSync(`${path}.1`, "bad\n");
  const reading = await readNewGenerations(path, { mtimeMs: Date.now() + 60_000, from: 0 }, context);
  expect(reading).toEqual({ older: [], lastAt: undefined, bytesRead: 0 });
});
