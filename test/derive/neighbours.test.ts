import { expect, test } from "vitest";
import { type Asked, askNeighbours, type KnownEntry } from "../../src/derive/neighbours.ts";

const id = "6f0c1d6e-0f6e-4f9e-9a0b-3b1f2f6f8a11";
const asked: Asked = { sessionId: id, fileName: `${id}.jsonl`, startedAt: 1_795_000_000_000 };
const entry = (key: string, sessionId: string, rest: object = {}): KnownEntry => ({
  key,
  sessionId,
  text: JSON.stringify({ sessionId, updatedAt: 1, ...rest }),
});
const none = { entries: [], backups: [] };

test("nobody knows anything", () => {
  expect(askNeighbours(asked, none)).toEqual({ keys: [] });
});

test("a copy of the registry tells the key and the entry; the newest copy counts", () => {
  const backups = [entry("agent:main:main", id, { lastTo: "telegram:700" }), entry("agent:main:old", id)];
  expect(askNeighbours(asked, { entries: [], backups })).toEqual({
    keys: [{ key: "agent:main:main", from: "backup" }],
    entry: { sessionId: id, updatedAt: 1, lastTo: "telegram:700" },
  });
});

test("of a cron job's two entries that of the run counts", () => {
  const backups = [entry("agent:main:cron:j", id), entry(`agent:main:cron:j:run:${id}`, id)];
  expect(askNeighbours(asked, { entries: [], backups }).keys[0]?.key).toBe(`agent:main:cron:j:run:${id}`);
});

test("an entry of the same id that leads to another file is another session's", () => {
  const backups = [entry("agent:main:x:topic:7", id, { sessionFile: `/y/${id}-topic-7.jsonl` })];
  expect(askNeighbours(asked, { entries: [], backups }).keys).toEqual([]);
});

test("traces count before copies, and those before what others say", () => {
  const say = (key: string) => new Map([[id, key]]);
  const told = askNeighbours(asked, {
    entries: [],
    backups: [entry("b", id)],
    ...{
      related: say("r"),
      noted: say("n"),
      logged: say("l"),
      cronRuns: say("c"),
      archived: say("a"),
      traced: say("t"),
    },
  });
  expect(told.keys.map(({ from }) => from)).toEqual([
    "trace",
    "backup",
    "archive",
    "cron-log",
    "gateway-log",
    "note",
    "other-session",
  ]);
});

test.each([
  ["its list of older sessions", { usageFamilySessionIds: ["other", id] }],
  ["its compactions", { compactionCheckpoints: [{ preCompaction: { sessionId: id } }] }],
])("an entry is of the same place when the session is in %s", (_, rest) => {
  const told = askNeighbours(asked, { ...none, entries: [entry("agent:main:main", "new", rest)] });
  expect(told).toMatchObject({ keys: [], kin: { key: "agent:main:main" } });
});

test("an entry that only mentions the id is none", () => {
  const entries = [entry("agent:main:main", "new", { label: id })];
  expect(askNeighbours(asked, { ...none, entries })).toEqual({ keys: [] });
});

test("a fork is of the place that it was forked from", () => {
  const entries = [entry("agent:main:slack:channel:c1", "parent")];
  const fork = { ...asked, parentSession: "/home/ada/.openclaw/agents/main/sessions/parent.jsonl" };
  expect(askNeighbours(fork, { ...none, entries }).kin?.key).toBe("agent:main:slack:channel:c1");
});

const spawn = (atMs: number, n = 1, task = "t") => ({
  ...{ atMs, taskSha256: task, childSessionKey: `agent:main:subagent:${n}`, requesterSessionKey: "agent:main:main" },
});
const START = 1_795_000_000_000;

test("a task that says what the session was asked tells the key and the parent", () => {
  const told = askNeighbours({ ...asked, taskSha256: "t" }, { ...none, spawns: [spawn(START - 1500)] });
  expect(told).toEqual({ keys: [{ key: "agent:main:subagent:1", from: "task" }], spawnedBy: "agent:main:main" });
});

test("a task that is told twice is one", () => {
  const { requesterSessionKey: _, ...again } = spawn(START - 1000);
  const told = askNeighbours({ ...asked, taskSha256: "t" }, { ...none, spawns: [again, spawn(START - 1500)] });
  expect(told).toMatchObject({ keys: [{ key: "agent:main:subagent:1" }], spawnedBy: "agent:main:main" });
});

test.each([
  ["given out at another time", [spawn(START - 7_200_000)], []],
  ["given out later", [spawn(START + 60_000)], []],
  ["of other words", [spawn(START, 1, "u")], []],
  ["one of two", [spawn(START), spawn(START, 2)], []],
  ["that has its entry", [spawn(START)], [entry("agent:main:Subagent:1", "x")]],
])("a task %s tells nothing", (_, spawns, entries) => {
  expect(askNeighbours({ ...asked, taskSha256: "t" }, { entries, backups: [], spawns })).toEqual({ keys: [] });
});

test("a session that shows nothing of a task is none's", () => {
  expect(askNeighbours(asked, { ...none, spawns: [spawn(START)] })).toEqual({ keys: [] });
});
