import { expect, test } from "vitest";
import type { JournalEvent } from "../../src/state/journal.ts";
import { planUndo, recentRuns } from "../../src/undo/plan.ts";

const note = (name: string) => ({ note: name, offset: 0, bytes: 1, sha256: "a", mtimeMs: null, folders: [] });
const entry = (sessionKey: string) => ({
  ...{ registry: "/r.json", sessionKey, at: 0, before: "b", after: "a" },
  splices: [{ at: 0, remove: "x", insert: "" }],
});
const transcript = (path: string) => ({
  ...{ path, sessionId: "s", dialect: "claude-code" as const, mtimeMs: 5, left: "nothing" as const },
  stored: [{ archive: "/a.gz", bytes: 3, sha256: "h" }],
  ownership: { uid: 1, gid: 1, mode: 0o600 },
});
const event = (runId: string, name: string, facts: object = {}): JournalEvent => ({
  ...{ at: "2026-02-01T10:00:00.000Z", runId, event: name },
  ...facts,
});
const about = (kind: string, path: string) => ({ kind, path, sessionId: "s" });
const done = (runId: string, kind: string, path: string, undo: object): JournalEvent[] => [
  event(runId, "begin", { kind, path, sessionId: "s" }),
  event(runId, "end", { kind, path, sessionId: "s", result: "done", undo }),
];

test("what a run did comes back in reverse, session by session; other runs and what changed nothing stay out", () => {
  const events = [
    event("r", "run-begin", { command: "rotate" }),
    event("r", "begin", { kind: "archive-transcript", path: "/1" }),
    event("r", "end", { kind: "archive-transcript", path: "/1", result: "done", files: 3 }),
    ...done("r", "append-note", "/1", note("/n")),
    ...done("other", "edit-registry", "/1", entry("k")),
    ...done("r", "edit-registry", "/1", entry("k")),
    ...done("r", "remove-transcript", "/1", transcript("/1")),
    ...done("r", "append-note", "/2", note("/n")),
    event("r", "end", { kind: "cut-transcript", path: "/2", result: "busy" }),
    event("r", "end", { kind: "restart-gateway", result: "done" }),
    event("r", "end", { kind: "prune-archive", result: "done", archive: "/old.gz" }),
  ];
  expect(planUndo(events, "r")).toEqual({
    areNamed: false,
    sessions: [
      { path: "/2", unknown: [], steps: [{ ...about("append-note", "/2"), undo: note("/n") }] },
      {
        ...{ path: "/1", unknown: [] },
        steps: [
          { ...about("remove-transcript", "/1"), undo: transcript("/1") },
          { ...about("edit-registry", "/1"), undo: entry("k") },
          { ...about("append-note", "/1"), undo: note("/n") },
        ],
      },
    ],
    lasting: [{ kind: "restart-gateway" }, { kind: "prune-archive", path: "/old.gz" }],
  });
  expect(planUndo(events, "nobody")).toBeUndefined();
});

test("a step without an end, or with data that is not whole, is unknown", () => {
  const { left: _, ...half } = transcript("/1");
  const events = [
    ...done("r", "cut-transcript", "/1", half),
    event("r", "begin", { kind: "edit-registry", path: "/1", sessionId: "s" }),
    event("r", "begin", { kind: "archive-transcript", path: "/2", sessionId: "s" }),
  ];
  expect(planUndo(events, "r")?.sessions).toEqual([
    { path: "/1", steps: [], unknown: [about("edit-registry", "/1"), about("cut-transcript", "/1")] },
  ]);
  const relative = done("r", "cut-transcript", "/1", { ...transcript("1"), path: "1" });
  expect(planUndo(relative, "r")?.sessions[0]?.unknown).toEqual([about("cut-transcript", "/1")]);
});

test("the steps of a conversation of several transcripts are one session, also where one was not noted to its end", () => {
  const job = "/1";
  const begun = event("r", "begin", { kind: "remove-transcript", path: "/2", sessionId: "s", job });
  const events = [
    event("r", "begin", { kind: "edit-registry", path: "/2", sessionId: "s", sessionKey: "k", job }),
    event("r", "end", {
      kind: "edit-registry",
      path: "/2",
      sessionId: "s",
      sessionKey: "k",
      job,
      result: "done",
      undo: entry("k"),
    }),
    ...done("r", "remove-transcript", "/1", transcript("/1")),
    ...done("r", "remove-transcript", "/3", transcript("/3")),
    begun,
  ];
  expect(planUndo(events, "r")?.sessions).toEqual([
    { path: "/3", unknown: [], steps: [{ ...about("remove-transcript", "/3"), undo: transcript("/3") }] },
    {
      ...{ path: "/1", unknown: [about("remove-transcript", "/2")] },
      steps: [
        { ...about("remove-transcript", "/1"), undo: transcript("/1") },
        { ...about("edit-registry", "/2"), undo: entry("k") },
      ],
    },
  ]);
});

test("an undo is known as one, and files that were named as such", () => {
  expect(planUndo([event("u", "run-begin", { undoes: "r" })], "u")).toMatchObject({ undoes: "r", sessions: [] });
  expect(planUndo([event("r", "run-begin", { files: 2 })], "r")?.areNamed).toBe(true);
});

test("the last runs that changed something are told, the newest first", () => {
  const events = ["a", "b", "c"].flatMap((id) => [
    event(id, "run-begin", { command: "rotate" }),
    ...(id === "b" ? [] : done(id, "append-note", "/1", note("/n"))),
  ]);
  expect(recentRuns(events)).toEqual([
    { runId: "c", command: "rotate" },
    { runId: "a", command: "rotate" },
  ]);
  expect(recentRuns(events, 1)).toHaveLength(1);
});
