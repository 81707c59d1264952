import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planRetention } from "../../src/archive/keep.ts";
import { recordOf } from "../support/records.ts";

const DAY = 86_400_000;
const NOW = Date.parse("2026-03-15T12:00:00Z"); // a Sunday
const nothing = { last: 0, within: 0, daily: 0, weekly: 0, monthly: 0, maxBytes: 1e12 };

/** An archive of a session, so many days old. */
const aged = (days: number, more: Parameters<typeof recordOf>[0] = {}) =>
  recordOf({
    command: "archive",
    archive: `${more.sessionId ?? "a"}-${days}`,
    at: new Date(NOW - days * DAY).toISOString(),
    ...more,
  });

const keptOf = (keep: object, ...records: ReturnType<typeof aged>[]) =>
  planRetention(records, { ...nothing, ...keep }, NOW)
    .archives.filter(({ keptBy }) => keptBy.length > 0)
    .map(({ record, keptBy }) => `${record.archive}: ${keptBy.join(" ")}`);

describe("what keeps an archive", () => {
  const week = [20, 13, 6, 5.3, 5.1, 1].map((days) => aged(days));

  test("without a rule only the last copy stays", () => {
    expect(keptOf({}, ...week)).toEqual(["a-1: last-copy"]);
  });

  test("the newest so many", () => {
    expect(keptOf({ last: 2 }, ...week)).toEqual(["a-5.1: last", "a-1: last-copy last"]);
  });

  test("what is younger than so long, to the millisecond", () => {
    const edge = aged(6, { archive: "edge", at: new Date(NOW - 6 * DAY - 1).toISOString() });
    expect(keptOf({ within: 6 * DAY }, edge, ...week.slice(2))).toEqual([
      "a-6: within",
      "a-5.3: within",
      "a-5.1: within",
      "a-1: last-copy within",
    ]);
  });

  test("the newest of each of the last days that have any", () => {
    expect(keptOf({ daily: 2 }, ...week)).toEqual(["a-5.1: daily", "a-1: last-copy daily"]);
  });

  test("of each week, which begins on a Monday", () => {
    const sundays = [
      aged(7.6, { archive: "saturday" }),
      aged(7, { archive: "sunday" }),
      aged(6, { archive: "monday" }),
    ];
    expect(keptOf({ weekly: 2 }, ...sundays)).toEqual(["sunday: weekly", "monday: last-copy weekly"]);
  });

  test("of each month", () => {
    expect(keptOf({ monthly: 9 }, aged(60), aged(50), aged(16), aged(15), aged(1))).toEqual([
      "a-50: monthly",
      "a-15: monthly",
      "a-1: last-copy monthly",
    ]);
  });

  test("each session has its own, and archives of other commands neither count nor fall", () => {
    const other = recordOf({ command: "rotate", archive: "r", at: new Date(NOW - 90 * DAY).toISOString() });
    const plan = planRetention([other, aged(3), aged(2, { sessionId: "b" })], nothing, NOW);
    expect(plan.archives.map(({ record }) => record.archive)).toEqual(["a-3", "b-2"]);
  });
});

describe("a last copy is one of the whole session", () => {
  const [body, next] = [aged(9, { runId: "r1", purpose: "remove", bytes: 500 }), { previous: "a-9", bytes: 20 }];

  test("what lay beside a session is none of it, and has its own", () => {
    const beside = [2, 1].map((days) =>
      aged(days, { reason: "leftover", archive: `bak-${days}`, source: "/home/s1.jsonl.bak" }),
    );
    expect(keptOf({ last: 1 }, body, ...beside)).toEqual(["a-9: last-copy last", "bak-1: last-copy last"]);
    expect(keptOf({ maxBytes: 1 }, body, ...beside)).toEqual(["a-9: last-copy", "bak-1: last-copy"]);
  });

  test.each([
    { of: "the run that removed it", tail: { runId: "r1", purpose: "remove" as const, reason: "idle" as const } },
    { of: "a later run, which says so", tail: { runId: "r2", purpose: "remove" as const, tailOf: "a-9", bytes: 900 } },
    { of: "a later run, as earlier releases told it", tail: { runId: "r2", purpose: "remove" as const } },
    { of: "the run that finished it", tail: { runId: "r2", purpose: "remove" as const, reason: "manual" as const } },
    { of: "nobody knows which run", tail: { runId: "rebuilt", reason: "idle" as const } },
  ])("what was added while it was removed stays and goes with it: $of", ({ tail }) => {
    const end = aged(8.99, { ...next, ...tail, archive: "tail" });
    expect(keptOf({}, body, end)).toEqual(["a-9: last-copy", "tail: last-copy"]);
    const further = aged(8.98, { bytes: 20, ...tail, previous: "tail", archive: "further" });
    expect(keptOf({}, body, end, further)).toHaveLength(3);
    const again = aged(3, { archive: "again", previous: "tail", runId: "r9", purpose: "remove", bytes: 520 });
    expect(keptOf({}, body, end, again)).toEqual(["again: last-copy"]);
    expect(planRetention([body, end, again], nothing, NOW).archives[0]?.lastCopy).toEqual([again]);
  });

  test("a later archive of all of it is no tail", () => {
    const later = aged(3, { previous: "a-9", runId: "r2", purpose: "remove", reason: "idle", bytes: 500 });
    expect(keptOf({}, body, later)).toEqual(["a-3: last-copy"]);
    const copy = aged(3, { previous: "a-9", runId: "r2", purpose: "copy", reason: "idle", bytes: 20 });
    expect(keptOf({}, body, copy)).toEqual(["a-3: last-copy"]);
  });
});

describe("an archive from which lines were taken out is the last copy of those", () => {
  test.each(["cut", "digest", "empty", "repair"] as const)("no later one takes its place: %s", (purpose) => {
    const [before, taken, after] = [aged(9), aged(8, { purpose }), aged(3)];
    expect(keptOf({ maxBytes: 1 }, before, taken, after)).toEqual(["a-8: last-copy", "a-3: last-copy"]);
    expect(planRetention([before, taken, after], nothing, NOW).archives[0]?.lastCopy).toEqual([taken, after]);
  });

  test("also where it is another command's, which lets it go by itself", () => {
    const taken = aged(8, { purpose: "digest", command: "rotate" });
    const { archives } = planRetention([aged(9), taken, aged(3)], nothing, NOW);
    expect(archives.map(({ record }) => record.archive)).toEqual(["a-9", "a-3"]);
    expect(archives[0]?.lastCopy.map(({ archive }) => archive)).toEqual(["a-8", "a-3"]);
  });
});

test("what is newest shows in the order of the catalog, whatever the clock said", () => {
  const [jumped, later] = [aged(-4000, { gzipBytes: 50 }), aged(3, { gzipBytes: 50 })];
  expect(keptOf({}, jumped, later)).toEqual(["a--4000: within", "a-3: last-copy"]);
  expect(keptOf({ last: 2, maxBytes: 60 }, jumped, later)).toEqual(["a-3: last-copy last"]);
});

describe("the ceiling", () => {
  const sized = (days: number, gzipBytes: number, sessionId = "a") => aged(days, { gzipBytes, sessionId });

  test("the oldest go first, whatever rule keeps them, until the rest fits", () => {
    const records = [sized(9, 50), sized(8, 50), sized(7, 50), sized(6, 50)];
    expect(keptOf({ last: 9, maxBytes: 100 }, ...records)).toEqual(["a-7: last", "a-6: last-copy last"]);
    const { archives, bytes } = planRetention(records, { ...nothing, last: 9, maxBytes: 100 }, NOW);
    expect(archives.map(({ isOverCeiling }) => isOverCeiling)).toEqual([true, true, false, false]);
    expect(bytes).toBe(100);
  });

  test("last copies stay above it, which shows in what is left", () => {
    const { archives, bytes } = planRetention(
      [sized(9, 50, "a"), sized(8, 60, "b")],
      { ...nothing, maxBytes: 10 },
      NOW,
    );
    expect(archives.every(({ keptBy }) => keptBy.includes("last-copy"))).toBe(true);
    expect(bytes).toBe(110);
  });

  test("what belonged to no session falls first, and is nobody's last copy", () => {
    const ofNone = (name: string, days: number) =>
      aged(days, { reason: "leftover", sessionId: name, source: `/home/sessions/${name}`, gzipBytes: 50 });
    const names = [`${"ab".repeat(32)}.txt`, "sessions.json.bak.1770640000000", `sessions.json.${"c".repeat(36)}.tmp`];
    const [prompt, backup, draft] = names.map((name, index) => ofNone(name, 3 - index));
    const sessions = [sized(9, 50), sized(8, 50)];
    if (!prompt || !backup || !draft) throw new Error("three were made");
    const all = [...sessions, prompt, backup, draft];
    expect(keptOf({ last: 9, maxBytes: 150 }, ...all)).toEqual([
      "a-9: last",
      "a-8: last-copy last",
      `${draft.archive}: last`,
    ]);
    expect(keptOf({ last: 9, maxBytes: 100 }, ...all)).toEqual(["a-9: last", "a-8: last-copy last"]);
    expect(keptOf({}, ...all)).toEqual(["a-8: last-copy"]);
    const ofSession = aged(3, { reason: "leftover", source: "/home/sessions/a.jsonl.deleted.2026-03-12T12-00-00Z" });
    expect(keptOf({}, ofSession)).toEqual(["a-3: last-copy"]);
  });

  test("what lies beside an archive counts", () => {
    const sidecars = { archive: "s", gzipBytes: 100, sha256: "", files: 1, bytes: 1 };
    const { bytes } = planRetention([{ ...sized(1, 5), sidecars }], nothing, NOW);
    expect(bytes).toBe(105);
  });
});

test("whatever the rules, the newest archive of every session stays, and more rules never keep less", () => {
  const record = fc
    .record({ days: fc.integer({ min: 0, max: 400 }), sessionId: fc.constantFrom("a", "b", "c"), size: fc.nat(1000) })
    .map(({ days, sessionId, size }) => aged(days, { sessionId, gzipBytes: size, archive: `${sessionId}-${days}` }));
  const small = fc.nat(4);
  const rules = fc.record({
    last: small,
    within: small.map((days) => days * DAY),
    daily: small,
    weekly: small,
    monthly: small,
    maxBytes: fc.nat(5000),
  });
  fc.assert(
    fc.property(
      fc.uniqueArray(record, { selector: ({ archive }) => archive, maxLength: 30 }),
      rules,
      (records, keep) => {
        const kept = (rule: typeof keep) =>
          planRetention(records, rule, NOW).archives.filter(({ keptBy }) => keptBy.length > 0);
        for (const sessionId of new Set(records.map((one) => one.sessionId))) {
          const newest = records.filter((one) => one.sessionId === sessionId);
          expect(kept(keep).map(({ record: one }) => one)).toContain(newest.at(-1));
        }
        const unlimited = { ...keep, maxBytes: 1e12 };
        const more = { ...unlimited, last: keep.last + 1, daily: keep.daily + 1 };
        const names = (all: ReturnType<typeof kept>) => all.map((one) => one.record.archive);
        expect(names(kept(more))).toEqual(expect.arrayContaining(names(kept(unlimited))));
      },
    ),
  );
});
