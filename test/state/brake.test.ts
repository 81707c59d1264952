import { expect, test } from "vitest";
import { brakeReason } from "../../src/state/brake.ts";

const HOUR = 3_600_000;
const before = { wallMs: 1_800_000_000_000, uptimeMs: 50_000, bootId: "a" };
const after = (wallMs: number, uptimeMs: number, bootId = "a") => ({
  wallMs: before.wallMs + wallMs,
  uptimeMs: before.uptimeMs + uptimeMs,
  bootId,
});

test.for([
  { when: "both clocks moved alike", now: after(300_000, 300_000), brakes: false },
  { when: "the clock was set forward by just an hour", now: after(300_000 + HOUR, 300_000), brakes: false },
  { when: "the clock was set forward by more", now: after(300_001 + HOUR, 300_000), brakes: true },
  { when: "the clock was set back by more than an hour", now: after(-HOUR, 300_000), brakes: true },
  { when: "the clock stands before the last run", now: after(-1, 1), brakes: true },
  { when: "the machine was restarted and the clock went on", now: after(86_400_000, -40_000, "b"), brakes: false },
  {
    when: "the machine was restarted and the clock stands before the last run",
    now: after(-1000, -40_000, "b"),
    brakes: true,
  },
])("when $when, ages are trusted: $brakes is the brake", ({ now, brakes }) => {
  expect(brakeReason(before, now) !== undefined).toBe(brakes);
});

test("the first run has nothing to compare with", () => {
  expect(brakeReason(undefined, before)).toBeUndefined();
});
