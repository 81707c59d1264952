import { describe, expect, test } from "vitest";
import type { Incident, Observation, Trouble } from "../../src/alert/incident.ts";
import { settleIncidents } from "../../src/alert/settle.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const broken = (subject: string): Trouble => ({ kind: "corruption", subject, path: subject, kinds: ["torn-tail"] });

/** What a run saw; it would find everything that is there. */
function seen(open: Trouble[], more: Partial<Observation> = {}): Observation {
  const found = { mended: [], hasRepaired: false, wouldFind: () => true };
  return { scope: "homes:a", installation: "a", open, ...found, ...more };
}

/** Runs one after the other; each returns what it tells. */
function watcher(on = ["corruption", "failure", "repair"]) {
  let incidents: Incident[] = [];
  let runs = 0;
  return {
    get incidents() {
      return incidents;
    },
    run(observation: Observation, { command = "rotate", nowMs = 0 } = {}): string[] {
      runs += 1;
      const policy = { command, runId: `run-${runs}`, nowMs, on, repeatAfter: 6 * HOUR };
      const settled = settleIncidents(incidents, [observation], policy);
      ({ incidents } = settled);
      return settled.transitions.map(
        ({ kind, state, isAgain, troubles }) =>
          `${kind} ${isAgain ? "still " : ""}${state}: ${troubles.map(({ subject }) => subject).join(" ")}`,
      );
    },
  };
}

describe("an incident", () => {
  test("is told when it is new, again after the time, and when it is over", () => {
    const watch = watcher();
    expect(watch.run(seen([broken("x")]))).toEqual(["corruption open: x"]);
    expect(watch.run(seen([broken("x")]), { nowMs: 6 * HOUR - 1 })).toEqual([]);
    expect(watch.run(seen([broken("x")]), { nowMs: 6 * HOUR })).toEqual(["corruption still open: x"]);
    expect(watch.run(seen([broken("x")]), { nowMs: 7 * HOUR })).toEqual([]);
    expect(watch.run(seen([]), { nowMs: 8 * HOUR })).toEqual(["corruption over: x"]);
    expect([watch.run(seen([])), watch.incidents]).toEqual([[], []]);
  });

  test("of several sessions is over when all of them are; one that comes later is another one", () => {
    const watch = watcher();
    expect(watch.run(seen([broken("x"), broken("y")]))).toEqual(["corruption open: x y"]);
    expect(watch.run(seen([broken("y"), broken("z")]))).toEqual(["corruption open: z"]);
    expect(watch.run(seen([broken("z")]))).toEqual(["corruption over: x y"]);
    expect(watch.run(seen([]))).toEqual(["corruption over: z"]);
  });

  test("that comes back is told again", () => {
    const watch = watcher();
    watch.run(seen([broken("x")]));
    watch.run(seen([]));
    expect(watch.run(seen([broken("x")]))).toEqual(["corruption open: x"]);
  });

  test("is judged by a command that found it, and by no other, unless that one mended it", () => {
    const watch = watcher();
    watch.run(seen([broken("x")]), { command: "detect-corruption" });
    expect(watch.run(seen([]), { command: "rotate" })).toEqual([]);
    expect(watch.run(seen([broken("x")]), { command: "rotate" })).toEqual([]);
    expect(watch.run(seen([]), { command: "rotate" })).toEqual(["corruption over: x"]);
    watch.run(seen([broken("y")]), { command: "detect-corruption" });
    const mended = seen([], { mended: [broken("y")], hasRepaired: true });
    expect(watch.run(mended, { command: "rotate" })).toEqual(["corruption over: y"]);
  });

  test("is not over for a run that would not have found it, and not for one on other homes", () => {
    const watch = watcher();
    watch.run(seen([broken("x")]));
    expect(watch.run(seen([], { wouldFind: () => false }))).toEqual([]);
    expect(watch.run(seen([], { scope: "homes:b" }))).toEqual([]);
    expect(watch.run(seen([]))).toEqual(["corruption over: x"]);
  });

  test("of a session and one of a failure are two", () => {
    const watch = watcher();
    const failed: Trouble = { kind: "failure", subject: "x", kinds: ["archive-transcript"] };
    expect(watch.run(seen([broken("x"), failed]))).toEqual(["corruption open: x", "failure open: x"]);
    expect(watch.run(seen([broken("x")]))).toEqual(["failure over: x"]);
  });

  test("that nobody has seen for a month is forgotten, and nothing is told of it", () => {
    const watch = watcher();
    watch.run(seen([broken("x")]));
    expect(watch.run(seen([], { wouldFind: () => false }), { nowMs: 30 * DAY - 1 })).toEqual([]);
    expect(watch.incidents).toHaveLength(1);
    expect(watch.run(seen([]), { nowMs: 30 * DAY })).toEqual([]);
    expect(watch.incidents).toEqual([]);
  });
});

describe("what is mended in the run that found it", () => {
  const mended = seen([], { mended: [broken("x")], hasRepaired: true });

  test("is one message, each time", () => {
    const watch = watcher();
    expect(watch.run(mended)).toEqual(["corruption mended: x"]);
    expect(watch.run(mended)).toEqual(["corruption mended: x"]);
    expect(watch.incidents).toEqual([]);
  });

  test("is a repair for those who want to hear of repairs alone, and nothing for those who do not", () => {
    expect(watcher(["repair"]).run(mended)).toEqual(["repair mended: x"]);
    expect(watcher(["corruption"]).run(mended)).toEqual(["corruption mended: x"]);
    expect(watcher(["failure"]).run(mended)).toEqual([]);
  });
});

test("a repair of what was no trouble is told once, and not beside the end of an incident", () => {
  const watch = watcher();
  expect(watch.run(seen([], { hasRepaired: true }))).toEqual(["repair mended: "]);
  watch.run(seen([broken("x")]));
  expect(watch.run(seen([], { hasRepaired: true }))).toEqual(["corruption over: x"]);
});

test("a run that finds what is known already leaves what is remembered as it is", () => {
  const watch = watcher();
  watch.run(seen([broken("x")]));
  const before = structuredClone(watch.incidents);
  watch.run(seen([broken("x")]), { nowMs: HOUR });
  expect(watch.incidents).toEqual(before);
});

test("what is not to be told is not remembered", () => {
  const watch = watcher(["failure"]);
  expect(watch.run(seen([broken("x")]))).toEqual([]);
  expect(watch.incidents).toEqual([]);
});
