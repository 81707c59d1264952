import { expect, test } from "vitest";
import type { Candidate } from "../../src/inspect/rotation.ts";
import { chooseStrategy } from "../../src/plan/strategy.ts";
import type { Cut, CutObstacle, CutRefusal } from "../../src/structure/cut.ts";

const MB = 1_000_000;
const aCut = (bytesAfter: number): Cut => ({
  boundary: { line: 9, at: 9 },
  archivedTo: 9,
  carried: [],
  carriedLines: 0,
  keptFrom: 9,
  bytesAfter,
});
const refused = (obstacle: CutObstacle): CutRefusal => ({ refused: obstacle });

function choose(
  sizeBytes: number,
  cut: Cut | CutRefusal | undefined,
  {
    strategy = "auto",
    cutOnly = false,
    ...more
  }: { strategy?: "auto" | "cut" | "digest" | "empty"; cutOnly?: boolean } & Partial<Candidate> = {},
) {
  const candidate = { ownership: "bot", transcript: { fingerprint: { sizeBytes } }, ...more, ...(cut ? { cut } : {}) };
  const choice = chooseStrategy(candidate as Candidate, { strategy, hardLimit: 20 * MB }, cutOnly);
  return "because" in choice ? choice.because : choice.strategy;
}

test("auto cuts where that frees a quarter, leaves a large tail alone up to the hard limit, and else leaves a digest", () => {
  expect(choose(4 * MB, aCut(3 * MB))).toBe("cut");
  expect(choose(4 * MB, aCut(3 * MB + 1))).toBe("tail-too-large");
  expect(choose(20 * MB, aCut(19 * MB))).toBe("tail-too-large");
  expect(choose(20 * MB + 1, aCut(19 * MB))).toBe("digest");
  expect(choose(386 * MB, aCut(3 * MB))).toBe("cut");
  expect(choose(4 * MB, refused("no-boundary"))).toBe("digest");
  expect(choose(4 * MB, refused("straggler"))).toBe("digest");
});

test("nothing is given up for what is over in a moment, or what a repair ends", () => {
  expect(choose(4 * MB, refused("unfinished-line"))).toBe("cut-refused");
  expect(choose(20 * MB, refused("no-reply"))).toBe("cut-refused");
  expect(choose(20 * MB + 1, refused("no-reply"))).toBe("digest");
});

test("a condemned session is broken in what a cut would keep", () => {
  expect(choose(4 * MB, aCut(MB), { isCondemned: true })).toBe("digest");
  expect(choose(4 * MB, undefined, { isCondemned: true, strategy: "cut" })).toBe("digest");
  expect(choose(4 * MB, undefined, { isCondemned: true, strategy: "empty" })).toBe("empty");
});

test("what a person asks for is done, or refused", () => {
  expect(choose(4 * MB, aCut(MB), { strategy: "empty" })).toBe("empty");
  expect(choose(4 * MB, aCut(MB), { strategy: "digest" })).toBe("digest");
  expect(choose(4 * MB, refused("straggler"), { strategy: "cut" })).toBe("cut-refused");
  expect(choose(40 * MB, aCut(39 * MB), { strategy: "cut" })).toBe("tail-kept");
  expect(choose(4 * MB, aCut(3.9 * MB), { strategy: "cut", isNamed: true })).toBe("cut");
});

test("where cuts are all that is allowed, nothing else is done", () => {
  for (const strategy of ["auto", "cut", "digest", "empty"] as const) {
    expect(choose(90 * MB, aCut(MB), { strategy, cutOnly: true })).toBe("cut");
    expect(choose(90 * MB, aCut(89 * MB), { strategy, cutOnly: true })).toBe("tail-kept");
    expect(choose(90 * MB, refused("no-boundary"), { strategy, cutOnly: true })).toBe("cut-refused");
  }
});
