import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openDisk } from "../../src/disk/disk.ts";
import { addSample, readHistory } from "../../src/state/history.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const start = Date.UTC(2026, 1, 8);
let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-history-"));
  path = join(folder, "home.history.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("no history is an empty one", () => {
  expect(readHistory(path)).toEqual(new Map());
});

test("a session has a point for each time that it had another size or count of tokens", () => {
  const disk = openDisk();
  addSample(disk, path, [{ sessionId: "a", bytes: 100_000, tokens: 10 }], start);
  addSample(disk, path, [{ sessionId: "a", bytes: 100_000, tokens: 10 }], start + HOUR);
  addSample(disk, path, [{ sessionId: "a", bytes: 100_000, tokens: 11 }], start + 2 * HOUR);
  addSample(disk, path, [{ sessionId: "a", bytes: 90_000 }], start + 3 * HOUR);
  expect(readHistory(path).get("a")).toEqual([
    { at: start, bytes: 100_000, tokens: 10 },
    { at: start + 2 * HOUR, bytes: 100_000, tokens: 11 },
    { at: start + 3 * HOUR, bytes: 90_000 },
  ]);
});

test("small sessions are left out, and of many the hundred largest are kept", () => {
  const many = Array.from({ length: 150 }, (_, index) => ({ sessionId: `s${index}`, bytes: 20_000 + index }));
  addSample(openDisk(), path, [...many, { sessionId: "small", bytes: 19_999 }], start);
  const history = readHistory(path);
  expect(history.size).toBe(100);
  expect(history.has("s149") && !history.has("s49") && !history.has("small")).toBe(true);
});

test("a torn or foreign line hides no other", () => {
  addSample(openDisk(), path, [{ sessionId: "a", bytes: 50_000 }], start);
  writeFileSync(path, '{"at":17,"sessions":{"a":5}}\n{"at":18,"sessions":null}\n{"at":17', { flag: "a" });
  expect(readHistory(path).get("a")).toHaveLength(1);
});

test("a long history is thinned to one sample a day but for the last days, and keeps the last size of each day", () => {
  const lines = Array.from({ length: 60 * 24 }, (_, hour) => {
    const sessions = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`session-${index}`, [hour, hour]]));
    return JSON.stringify({ at: start + hour * HOUR, sessions });
  });
  writeFileSync(path, `${lines.join("\n")}\n`);
  const before = statSync(path).size;
  expect(before).toBeGreaterThan(1_000_000);
  const now = start + 60 * DAY;
  addSample(openDisk(), path, [{ sessionId: "session-0", bytes: 77_777 }], now);
  const points = readHistory(path).get("session-0") ?? [];
  expect(points.at(-1)).toEqual({ at: now, bytes: 77_777 });
  expect(points.filter(({ at }) => at <= now - 3 * DAY).length).toBeLessThanOrEqual(58);
  expect(points.filter(({ at }) => at > now - 3 * DAY).length).toBeGreaterThanOrEqual(71);
  expect(points[0]).toEqual({ at: start + 23 * HOUR, bytes: 23, tokens: 23 });
  expect(statSync(path).size).toBeLessThan(before / 4);
});
