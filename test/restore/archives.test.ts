import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { arrange, isRepair, readArchives } from "../../src/restore/archives.ts";
import { addArchive, prune } from "../support/archives.ts";
import { archiveOf, recordOf } from "../support/records.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-archives-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const all = { sessions: [], sinceMs: null, reason: null };

test("what the catalog knows is read; what was pruned, torn or lies outside the folder is not", () => {
  const kept = addArchive(folder, "a\n", { sessionId: "s1", source: "/s1" });
  prune(folder, addArchive(folder, "b\n", { sessionId: "s1", source: "/s1", segment: 2 }));
  const lines = [{ ...kept, archive: "../../etc/x.gz" }, { archive: "claude-code/x.gz" }].map((line) =>
    JSON.stringify(line),
  );
  appendFileSync(join(folder, "catalog.jsonl"), `${lines.join("\n")}\n{"archive":"cla`);
  expect(readArchives(folder)).toEqual([{ record: kept, folder, path: join(folder, kept.archive) }]);
});

test("a session's archives stand together, the oldest session first", () => {
  const [a1, b2, a3] = [
    archiveOf({ sessionId: "a", segment: 1 }),
    archiveOf({ sessionId: "b", segment: 2 }),
    archiveOf({ sessionId: "a", segment: 3 }),
  ];
  expect(arrange([b2, a3, a1], all)).toEqual([a1, a3, b2]);
});

test("a list is narrowed down by session, time and reason", () => {
  const [size, repair] = [archiveOf({ segment: 1 }), archiveOf({ segment: 2, reason: "repair" })];
  const other = archiveOf({ sessionId: "other", segment: 3 });
  const every = [size, repair, other];
  expect(arrange(every, { ...all, sessions: ["s1"] })).toEqual([size, repair]);
  expect(arrange(every, { ...all, sinceMs: Date.parse(repair.record.at) })).toEqual([repair, other]);
  expect(arrange(every, { ...all, reason: "repair" })).toEqual([repair]);
});

test("the purpose tells a repair; where there is none, the reason does", () => {
  expect(isRepair(recordOf({ reason: "repair" }))).toBe(true);
  expect(isRepair(recordOf({ reason: "repair", purpose: "empty" }))).toBe(false);
  expect(isRepair(recordOf({ reason: "corrupt", purpose: "repair" }))).toBe(true);
});
