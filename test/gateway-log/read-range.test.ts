import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenLog, openLog } from "../../src/gateway-log/open-log.ts";
import { latest, readRange } from "../../src/gateway-log/read-range.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-read-range-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const line = (second: number) => `2026-02-08T16:53:0${second}Z bad ${second}\n`;
const at = (second: number) => Date.parse(`2026-02-08T16:53:0${second}Z`);

test("lines from an offset on are delivered with their dates, as far as the file went when it was opened", async () => {
  const path = join(folder, "gw.log");
  writeFileSync(path, `${line(1)}${line(2)}bad undated\n${line(3)}`);
  const log = (await openLog(path)) as OpenLog;
  appendFileSync(path, line(4));
  const found: [string, number, number][] = [];
  const onLine = (text: string, where: { lineStart: number; at: number }) =>
    found.push([text.slice(21), where.lineStart, where.at]);
  const context = { now: 0, needles: ["bad"], onLine, taken: new Set<string>(), undatedAt: undefined };
  const end = await readRange(log, { offset: line(1).length, at: undefined, since: at(2) }, context);
  await log.handle.close();
  expect(found.map(([, start, when]) => [start, when])).toEqual([
    [27, at(2)],
    [54, at(2)],
    [66, at(3)],
  ]);
  expect(end).toEqual({ offset: 93, lastAt: at(3) });
});

test("an offset behind the end of a file that shrank reads nothing", async () => {
  const path = join(folder, "short.log");
  writeFileSync(path, "bad\n");
  const log = (await openLog(path)) as OpenLog;
  const context = { now: 0, needles: [], onLine: () => undefined, taken: new Set<string>(), undatedAt: 1 };
  expect(await readRange(log, { offset: 10, at: 1 }, context)).toEqual({ offset: 10, lastAt: undefined });
  await log.handle.close();
});

test("the newest of some dates leaves out what is unknown", () => {
  expect(latest(3, undefined, 7, 5)).toBe(7);
  expect(latest(undefined)).toBeUndefined();
  expect(latest()).toBeUndefined();
});
