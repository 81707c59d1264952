import { expect, test } from "vitest";
import { checkClock } from "../../src/setup/clock.ts";
import { saidBy } from "../support/checks.ts";

test.for([
  { now: "2026-05-01", said: "clock-sane ok" },
  { now: "2026-05-01", isSynchronised: true, said: "clock-sane ok" },
  { now: "2026-05-01", isSynchronised: false, said: "clock-adrift advice" },
  { now: "1970-01-01", isSynchronised: true, said: "clock-wrong error" },
  { now: "2107-01-01", said: "clock-wrong error" },
])("$now, synchronised: $isSynchronised: $said", ({ now, isSynchronised, said }) => {
  const facts = { nowMs: Date.parse(now), ...(isSynchronised === undefined ? {} : { isSynchronised }) };
  expect(saidBy(checkClock(facts))).toEqual([said]);
});
