import { expect, test } from "vitest";
import type { JournalEvent } from "../../src/state/journal.ts";
import { historyOf } from "../../src/undo/history.ts";

const entry = (sessionKey: string) => ({
  ...{ registry: "/r.json", sessionKey, at: 0, before: "b", after: "a" },
  splices: [{ at: 0, remove: "x", insert: "" }],
});
const note = (path: string) => ({ note: path, offset: 0, bytes: 1, sha256: "a", mtimeMs: null, folders: [] });
const end = (runId: string, facts: object): JournalEvent => ({
  ...{ at: "2026-02-01T10:00:00.000Z", runId, event: "end", result: "done" },
  ...facts,
});

test("a later run on the same thing counts until it is undone", () => {
  const events = [
    end("a", { undo: note("/1") }),
    end("b", { undo: note("/1") }),
    end("b", { undo: entry("k") }),
    end("c", { undo: note("/2") }),
    end("c", { undo: note("/3"), result: "busy" }),
  ];
  const later = { "/1": "b", "/r.json k": "b", "/2": "c" };
  expect(Object.fromEntries(historyOf(events, "a").laterRuns)).toEqual(later);
  expect(historyOf(events, "c").laterRuns.size).toBe(0);
  const undone = [...events, end("u", { undoes: "b", target: "/1" })];
  expect(Object.fromEntries(historyOf(undone, "a").laterRuns)).toEqual({ "/r.json k": "b", "/2": "c" });
  const twice = [...events, end("d", { undo: note("/1") }), end("u", { undoes: "d", target: "/1" })];
  expect(historyOf(twice, "a").laterRuns.get("/1")).toBe("b");
});

test("what was put back already is told, as far as it was done", () => {
  const events = [
    end("a", { undo: note("/1") }),
    end("u", { undoes: "a", target: "/1" }),
    end("u", { undoes: "a", target: "/2", result: "blocked" }),
    end("u", { undoes: "b", target: "/3" }),
  ];
  expect([...historyOf(events, "a").undone]).toEqual(["/1"]);
});
