import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { counted, countedAsTheyCome, during, lookOn } from "../../src/progress.ts";
import { progressBar } from "../../src/report/progress-bar.ts";

const ERASE = "\r\u001b[K";
let [now, columns, written] = [0, 80, [] as string[]];

beforeEach(() => {
  vi.useFakeTimers();
  [now, columns, written] = [0, 80, []];
  lookOn(progressBar({ columns: () => columns, write: (text) => written.push(text), nowMs: () => now }));
});
afterEach(() => {
  vi.useRealTimers();
});

const shown = () => written.map((text) => text.replace(ERASE, ""));

test("work that is over within a second is not shown", async () => {
  await during("archive", 100, async (advance) => {
    now = 999;
    advance(50);
  });
  expect(written).toEqual([]);
});

test("longer work has a bar, drawn seldom, and erased in the end", async () => {
  await during("archive", 200, async (advance) => {
    for (now = 1000; now <= 1300; now += 50) advance(20);
    expect(shown()).toEqual([
      "archiving  [##..............]  10%  of 200 B  0:01",
      "archiving  [######..........]  40%  of 200 B  0:01",
      "archiving  [###########.....]  70%  of 200 B  0:01",
    ]);
  });
  expect(written.at(-1)).toBe(ERASE);
  expect(vi.getTimerCount()).toBe(0);
});

test("work of which nobody knows how much there is shows how long it takes, while it says nothing", async () => {
  await during("wait-for-owner", undefined, async () => {
    now = 75_000;
    vi.advanceTimersByTime(200);
    expect(shown()).toEqual(["working as the owner of a home  1:15"]);
  });
});

test("of many things the number is told, and of one of them the bytes if it is a long one", async () => {
  for (const thing of counted("look-at-transcripts", ["a", "b", "c"])) {
    if (thing !== "b") continue;
    now = 2000;
    await during("read-transcript", 1000, async (advance) => {
      advance(500);
      now = 3500;
      advance(250);
    });
  }
  expect(shown().slice(0, 2)).toEqual([
    "looking at sessions: 1 of 3  [#####...........]  33%  0:02",
    "looking at sessions: 1 of 3  reading  [############....]  75%  of 1 KB  0:03",
  ]);
});

test("things that come one after the other are counted, too", async () => {
  async function* come() {
    yield 1;
    now = 1500;
    yield 2;
    now = 3000;
  }
  const seen: number[] = [];
  for await (const one of countedAsTheyCome("do-jobs", 2, come())) seen.push(one);
  expect(seen).toEqual([1, 2]);
  expect(shown()[0]).toBe("sessions dealt with: 2 of 2  [################]  100%  0:01");
});

test.for([40, 20, 5])("it never fills a line of %i columns", async (width) => {
  columns = width;
  await during("read-archive-back", 1000, async (advance) => {
    now = 1000;
    advance(10);
  });
  expect(shown()[0]?.length).toBeGreaterThan(0);
  expect(shown()[0]?.length).toBeLessThan(width);
});

test("it is gone, too, when the work fails or is left early", async () => {
  const failing = during("archive", 10, async (advance) => {
    now = 1000;
    advance(1);
    throw new Error("disk full");
  });
  await expect(failing).rejects.toThrow("disk full");
  expect(written.at(-1)).toBe(ERASE);
  for (const _ of counted("verify-archives", [1, 2, 3])) break;
  expect(vi.getTimerCount()).toBe(0);
});
