import { appendFileSync, copyFileSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type OpenLog, openLog } from "../../src/gateway-log/open-log.ts";
import {
  holdsReadPart,
  isContinued,
  isUntouched,
  type LogPosition,
  packedPosition,
  positionAfter,
  vacantPosition,
} from "../../src/gateway-log/position.ts";

let folder: string;
let path: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-position-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  path = join(folder, "gw.log");
  writeFileSync(path, `${"a".repeat(9999)}\n`);
});

async function on<T>(file: string, use: (log: OpenLog) => T | Promise<T>): Promise<T> {
  const log = (await openLog(file)) as OpenLog;
  try {
    return await use(log);
  } finally {
    await log.handle.close();
  }
}

const positionOf = (offset = 10_000) => on(path, (log) => positionAfter(log, undefined, { offset, lastAt: 5 }, 7));
const judge = (position: LogPosition, file = path) =>
  on(file, async (log) => [
    isUntouched(log, position),
    await isContinued(log, position),
    await holdsReadPart(log, position),
  ]);

test("an untouched, a grown, a truncated and an overwritten log are told apart", async () => {
  const position = await positionOf();
  expect(position).toMatchObject({ offset: 10_000, crcBytes: 4096, seenAt: 7, lastAt: 5 });
  expect(await judge(position)).toEqual([true, true, true]);
  appendFileSync(path, "b\n");
  expect(await judge(position)).toEqual([false, true, true]);
  truncateSync(path, 9000);
  expect(await judge(position)).toEqual([false, false, false]);
  appendFileSync(path, "c".repeat(2000));
  expect(await judge(position)).toEqual([false, false, false]);
});

test("a copy is recognised by what was read of it, and is another file", async () => {
  const position = await positionOf();
  copyFileSync(path, `${path}.1`);
  appendFileSync(`${path}.1`, "more\n");
  expect(await judge(position, `${path}.1`)).toEqual([false, false, true]);
  expect(await judge(await positionOf(0), `${path}.1`)).toEqual([false, false, false]);
});

test("a position at the start knows its file by birth, because inode numbers are used again", async () => {
  const position = await positionOf(0);
  expect((await judge(position))[1]).toBe(true);
  expect((await judge({ ...position, bornMs: position.bornMs - 1 }))[1]).toBe(position.bornMs === 0);
});

test("looking only at the size and the time of change reads nothing", async () => {
  const position = await positionOf();
  expect(await on(path, async (log) => ((await isContinued(log, position)) ? log.bytesRead : -1))).toBe(0);
  utimesSync(path, 1, 1);
  expect(await on(path, async (log) => ((await isContinued(log, position)) ? log.bytesRead : -1))).toBe(4096);
});

test("a look that found nothing new gives back the very same position", async () => {
  const position = await positionOf();
  const same = await on(path, (log) => positionAfter(log, position, { offset: 10_000, lastAt: undefined }, 99));
  expect(same).toBe(position);
  const later = await on(path, (log) => positionAfter(log, position, { offset: 10_000, lastAt: 6 }, 99));
  expect(later).toMatchObject({ lastAt: 6, seenAt: 99 });
});

test("the marks for a packed part and for a vacant path are no plain file", async () => {
  const packed = await on(path, (log) => packedPosition(log, 7, undefined));
  expect(await judge(packed)).toEqual([false, false, false]);
  const vacant = vacantPosition(await positionOf(), 8);
  expect(await judge(vacant)).toEqual([false, false, false]);
  expect(vacantPosition(vacant, 8)).toBe(vacant);
});
