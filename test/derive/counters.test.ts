import { expect, test } from "vitest";
import { readCounters } from "../../src/derive/counters.ts";

const prompt = { type: "message", message: { role: "user", content: "x" } };
const reply = (usage: object, model = "m") => ({ type: "message", message: { role: "assistant", model, usage } });
const first = reply({ input: 904, output: 40, cacheRead: 10, cacheWrite: 1 });
const second = reply({ input: 905, output: 12, cacheRead: 900, cacheWrite: 2 });
const counted = { inputTokens: 1809, outputTokens: 52, totalTokens: 1807, cacheRead: 900, cacheWrite: 2 };

test("input and output are those of the last run, all else is of its last reply", () => {
  expect(readCounters([reply({ input: 7, output: 7 }), prompt, first, second])).toEqual(counted);
});

test("copies and failed replies do not count", () => {
  const mirror = reply({ input: 9999, output: 9999 }, "delivery-mirror");
  const failed = reply({ input: 0, output: 0, cacheRead: 0, cacheWrite: 0 });
  expect(readCounters([prompt, first, second, mirror, failed])).toEqual(counted);
});

test("a run that begins further back than was read counts by its last reply", () => {
  expect(readCounters([first, second, { type: "custom" }])).toMatchObject({ inputTokens: 905, outputTokens: 12 });
});

test("a compaction makes what came before it void", () => {
  expect(readCounters([prompt, first, second, { type: "compaction" }])).toEqual({});
});

test("numbers that are none do not count", () => {
  expect(readCounters([prompt, reply({ input: "9", output: -1, cacheRead: Number.NaN })])).toEqual({});
});
