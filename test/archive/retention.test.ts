import { expect, test } from "vitest";
import type { CatalogRecord } from "../../src/archive/catalog.ts";
import { archivesBeyond as beyond } from "../../src/archive/retention.ts";

function record(day: number, more: Partial<CatalogRecord> = {}): CatalogRecord {
  const at = `2026-01-${String(day).padStart(2, "0")}T00:00:00.000Z`;
  return {
    archive: `a${day}`,
    at,
    runId: "r",
    command: "rotate",
    installation: "i",
    dialect: "claude-code",
    group: "g",
    source: "/s",
    sessionId: "one",
    reason: "size",
    bytes: 1,
    lines: 1,
    sha256: "",
    gzipBytes: 1,
    segment: day,
    ...more,
  };
}

const archivesBeyond = (
  records: readonly CatalogRecord[],
  lineage: { sessionId: string; sessionKey?: string },
  keep: number,
  next?: CatalogRecord["purpose"],
  isLive = true,
) => beyond(records, lineage, keep, { ...(next ? { next } : {}), runId: "now", isLive: () => isLive });
const names = (records: CatalogRecord[]) => records.map(({ archive }) => archive);

test("the newest stay, the oldest go, and one that is about to be made counts", () => {
  const records = [record(1), record(2), record(3)];
  expect(names(archivesBeyond(records, { sessionId: "one" }, 3))).toEqual([]);
  expect(names(archivesBeyond(records, { sessionId: "one" }, 2))).toEqual(["a1"]);
  expect(names(archivesBeyond(records, { sessionId: "one" }, 3, "empty"))).toEqual(["a1"]);
});

test("what is newest shows in the order of the catalog, whatever the clock said", () => {
  const jumped = { at: "2037-01-01T00:00:00.000Z" };
  const records = [record(1, jumped), record(2, jumped), record(3)];
  expect(names(archivesBeyond(records, { sessionId: "one" }, 2))).toEqual(["a1"]);
});

test("what this run relies on stays, and counts as made by it from then on", () => {
  const [used, two, three] = [record(1, { runId: "now" }), record(2), record(3)];
  expect(names(archivesBeyond([used, two, three], { sessionId: "one" }, 1))).toEqual(["a2"]);
  const again = record(1, { usedAfter: "a2" });
  expect(names(archivesBeyond([again, two], { sessionId: "one" }, 1))).toEqual(["a2"]);
  expect(names(archivesBeyond([again, two, three], { sessionId: "one" }, 1))).toEqual(["a2", "a1"]);
  expect(names(archivesBeyond([again, three], { sessionId: "one" }, 1))).toEqual(["a1"]);
});

test("a copy is none of rotate's, and what was added to an archive falls with it", () => {
  const records = [record(1, { purpose: "copy" }), record(2), record(3, { tailOf: "a2" }), record(4)];
  expect(names(archivesBeyond(records, { sessionId: "one" }, 2))).toEqual([]);
  expect(names(archivesBeyond(records, { sessionId: "one" }, 1))).toEqual(["a2", "a3"]);
});

test("sessions under one key are one line; other sessions and other commands' archives never fall", () => {
  const records = [
    record(1, { sessionId: "old", sessionKey: "k" }),
    record(2, { sessionKey: "k" }),
    record(3, { sessionId: "else" }),
    record(4, { command: "archive" }),
  ];
  expect(names(archivesBeyond(records, { sessionId: "one", sessionKey: "k" }, 1))).toEqual(["a1"]);
  expect(names(archivesBeyond(records, { sessionId: "one" }, 1))).toEqual([]);
});

test("the segments of a session are one archive, which stays whole as long as the session goes on from it", () => {
  const cut = (day: number, more: Partial<CatalogRecord> = {}) => record(day, { purpose: "cut", ...more });
  const lineage = { sessionId: "one" };
  const alive = [record(1), cut(2), record(3, { purpose: "repair" }), cut(4), cut(5)];
  expect(names(archivesBeyond(alive, lineage, 3))).toEqual([]);
  expect(names(archivesBeyond(alive, lineage, 1))).toEqual(["a1"]);
  expect(names(archivesBeyond(alive, lineage, 3, "cut"))).toEqual([]);
  expect(names(archivesBeyond(alive, lineage, 3, "repair"))).toEqual(["a1"]);
  expect(names(archivesBeyond(alive, lineage, 1, undefined, false))).toEqual(["a1", "a2", "a4", "a5"]);
  const ended = [cut(1), cut(2), record(3, { purpose: "digest" }), cut(4), record(5, { purpose: "empty" }), record(6)];
  expect(names(archivesBeyond(ended, lineage, 2))).toEqual(["a1", "a2", "a3"]);
});
