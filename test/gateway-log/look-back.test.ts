import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lookBack } from "../../src/gateway-log/look-back.ts";
import { type OpenLog, openLog } from "../../src/gateway-log/open-log.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-look-back-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const start = Date.parse("2026-02-08T00:00:00Z");
const line = (second: number, text = "x".repeat(74)) => `${new Date(start + second * 1000).toISOString()} ${text}\n`;

async function look(text: string, since: number) {
  const path = join(folder, "gw.log");
  writeFileSync(path, text);
  const log = (await openLog(path)) as OpenLog;
  try {
    return { ...(await lookBack(log, since)), bytesRead: log.bytesRead };
  } finally {
    await log.handle.close();
  }
}

test("in a large log a few blocks are read, and no line since then lies before the place found", async () => {
  const text = Array.from({ length: 100_000 }, (_, second) => line(second)).join("");
  for (const back of [0, 1, 300, 2000, 50_000]) {
    const since = start + (100_000 - back) * 1000;
    const { offset, at, bytesRead } = await look(text, since);
    const first = (100_000 - back) * 100;
    expect(offset).toBeLessThanOrEqual(first);
    expect(first - offset).toBeLessThanOrEqual(Math.max(64 * 1024, back * 100));
    expect(offset % 100).toBe(0);
    expect(at).toBe(start + (offset / 100 - 1) * 1000);
    expect(bytesRead).toBeLessThanOrEqual(9 * 64 * 1024);
  }
});

test("lines that are a little out of order do not end the search too early", async () => {
  const seconds = Array.from({ length: 5000 }, (_, second) => (second % 40 === 7 ? Math.max(0, second - 500) : second));
  const { offset } = await look(seconds.map((second) => line(second)).join(""), start + 4000 * 1000);
  expect(offset).toBeLessThanOrEqual(seconds.findIndex((second) => second >= 4000) * 100);
});

test("a log that begins later, has no dates, or is empty is read from its start", async () => {
  expect(await look(line(10) + line(11), start)).toMatchObject({ offset: 0, at: undefined });
  expect(await look("undated\n".repeat(100_000), start)).toMatchObject({ offset: 0, at: undefined });
  expect(await look("", start)).toMatchObject({ offset: 0, at: undefined });
});

test("a log that is older altogether is not read again, except for a last line that is being written", async () => {
  const text = line(1) + line(2);
  expect(await look(text, start + 3000)).toMatchObject({ offset: 200, at: start + 2000 });
  expect(await look(text.slice(0, -1), start + 3000)).toMatchObject({ offset: 100, at: start + 1000 });
});

test("lines longer than a block are passed over", async () => {
  const text = line(1) + line(2, "y".repeat(9_000_000)) + line(3, "z".repeat(200_000)) + line(4).repeat(3);
  const { offset } = await look(text, start + 4000);
  expect(offset).toBeGreaterThan(0);
  expect(offset).toBeLessThanOrEqual(text.length - 300);
});
