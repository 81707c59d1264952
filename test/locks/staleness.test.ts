import { expect, test } from "vitest";
import type { LockFile, LockPayload } from "../../src/locks/lock-file.ts";
import { parsePayload } from "../../src/locks/lock-file.ts";
import { judgeLock, type OwnerFacts } from "../../src/locks/staleness.ts";

const NOW = 1_800_000_000_000;
const policy = { minAgeMs: 30_000, unknownOwnerAgeMs: 1_800_000, foreignPids: false };
const alive: OwnerFacts = { alive: true, startTicks: 500, startedAtMs: NOW - 3_600_000 };
const dead: OwnerFacts = { alive: false, startTicks: undefined, startedAtMs: undefined };

function lock(
  payload: LockPayload,
  options: { kind?: LockFile["kind"]; ageMs?: number; isEmpty?: boolean } = {},
): LockFile {
  const { kind = "file", ageMs = 1000, isEmpty = false } = options;
  return {
    path: "/x.lock",
    kind,
    payload,
    text: "",
    isEmpty,
    fingerprint: { device: 1, inode: 1, sizeBytes: 1, mtimeMs: NOW - ageMs, mode: 0o600, uid: 0, gid: 0, links: 1 },
  };
}

test.for([
  { what: "a dead owner", of: lock({ pid: 7 }), owner: dead, state: "stale" },
  { what: "a living owner", of: lock({ pid: 7, startTicks: 500 }), owner: alive, state: "held" },
  {
    what: "a living owner of an old lock",
    of: lock({ pid: 7 }, { ageMs: 86_400_000 }),
    owner: { ...alive, startedAtMs: NOW - 90_000_000 },
    state: "held",
  },
  { what: "a recycled pid by ticks", of: lock({ pid: 7, startTicks: 499 }), owner: alive, state: "stale" },
  { what: "a recycled pid by time", of: lock({ pid: 7, createdAtMs: NOW - 3_602_001 }), owner: alive, state: "stale" },
  {
    what: "an owner that started two seconds after its lock, within the clock's error",
    of: lock({ pid: 7, createdAtMs: NOW - 3_602_000 }),
    owner: alive,
    state: "held",
  },
  { what: "nothing readable, old", of: lock({}, { ageMs: 30_001 }), owner: dead, state: "stale" },
  { what: "nothing readable, just made", of: lock({}, { ageMs: 30_000 }), owner: dead, state: "undecidable" },
  {
    what: "an old empty directory",
    of: lock({}, { kind: "folder", isEmpty: true, ageMs: 30_001 }),
    owner: dead,
    state: "stale",
  },
  {
    what: "a directory that holds something",
    of: lock({}, { kind: "folder", ageMs: 86_400_000 }),
    owner: dead,
    state: "undecidable",
  },
  { what: "a pipe", of: lock({}, { kind: "other", ageMs: 86_400_000 }), owner: dead, state: "undecidable" },
])("a lock with $what is $state", ({ of, owner, state }) => {
  expect(judgeLock(of, policy, NOW, () => owner).state).toBe(state);
});

test.for([
  { what: "with the start that it says, although the clock was set since", booted: NOW - 7_200_000, state: "held" },
  {
    what: "from before the machine started, whose owner has the same start again",
    booted: NOW - 3_700_000,
    state: "undecidable",
  },
])("a lock $what is $state", ({ booted, state }) => {
  const owner = { ...alive, bootedAtMs: booted };
  const of = lock({ pid: 7, startTicks: 500, createdAtMs: NOW - 3_705_000 });
  expect(judgeLock(of, policy, NOW, () => owner).state).toBe(state);
});

test("a lock that does not say when it was made was made when it was last written", () => {
  expect(judgeLock(lock({ pid: 7 }, { ageMs: 3_602_001 }), policy, NOW, () => alive).state).toBe("stale");
  expect(judgeLock(lock({ pid: 7 }, { ageMs: 3_602_000 }), policy, NOW, () => alive).state).toBe("held");
});

test.for([
  { what: "a process that is gone", of: lock({ pid: 7 }), owner: dead, byClock: false },
  { what: "another start in ticks", of: lock({ pid: 7, startTicks: 499 }), owner: alive, byClock: false },
  { what: "another start by the clock", of: lock({ pid: 7, createdAtMs: 1 }), owner: alive, byClock: true },
  { what: "its age alone", of: lock({}, { ageMs: 30_001 }), owner: dead, byClock: true },
  {
    what: "the age of a directory",
    of: lock({}, { kind: "folder", isEmpty: true, ageMs: 30_001 }),
    owner: dead,
    byClock: true,
  },
])("that a lock is stale by $what depends on the clock: $byClock", ({ of, owner, byClock }) => {
  expect(judgeLock(of, policy, NOW, () => owner)).toMatchObject({ state: "stale", byClock });
});

test.for(["sealed", "large"] as const)("a %s file is undecidable, whatever its age", (kind) => {
  expect(judgeLock(lock({}, { kind, ageMs: 86_400_000 }), policy, NOW, () => dead).state).toBe("undecidable");
});

test("the owner in a container that can be seen holds its lock, one that got its number later does not", () => {
  const foreign = { ...policy, foreignPids: true };
  const of = lock({ pid: 7, startTicks: 500 }, { ageMs: 3_500_000 });
  const judge = (startTicks: number) =>
    judgeLock(
      of,
      foreign,
      NOW,
      () => dead,
      () => [
        { ...alive, startTicks: 1, pid: 4710 },
        { ...alive, startTicks, pid: 4711 },
      ],
    ).state;
  expect(judge(500)).toBe("held");
  expect(judge(501)).toBe("stale");
});

test("where pids are foreign, only age counts, and a longer hold that the owner announced", () => {
  const foreign = { ...policy, foreignPids: true };
  const state = (of: LockFile) => judgeLock(of, foreign, NOW, () => dead).state;
  expect(state(lock({ pid: 7 }, { ageMs: 1_800_000 }))).toBe("undecidable");
  expect(state(lock({ pid: 7 }, { ageMs: 1_800_001 }))).toBe("stale");
  expect(state(lock({ pid: 7, maxHoldMs: 3_600_000 }, { ageMs: 1_800_001 }))).toBe("undecidable");
});

test.for([
  [
    '{"pid":17,"createdAt":"2026-07-20T13:38:59.344Z","maxHoldMs":300000,"starttime":202601}',
    { pid: 17, createdAtMs: Date.parse("2026-07-20T13:38:59.344Z"), maxHoldMs: 300_000, startTicks: 202_601 },
  ],
  ['{"pid":17,"startedAt":1770640000000}', { pid: 17, createdAtMs: 1_770_640_000_000 }],
  ['{"pid":"17"}', {}],
  ['{"pid":0}', {}],
  ['{"pid":99999999999}', {}],
  ["", {}],
  ["[]", {}],
  ["null", {}],
] as const)("the payload %s is read as what it is", ([text, payload]) => {
  expect(parsePayload(text)).toEqual(payload);
});
