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
  ["", {}],
  ["[]", {}],
  ["null", {}],
] as const)("the payload %s is read as what it is", ([text, payload]) => {
  expect(parsePayload(text)).toEqual(payload);
});
