import { expect, test } from "vitest";
import { renewed as renewedFor, type Use } from "../../src/apply/catalogued.ts";
import type { CatalogRecord } from "../../src/archive/catalog.ts";
import { recordOf } from "../support/records.ts";

const AT = "2026-02-01T10:00:00.000Z";
const now = new Date("2026-03-01T10:00:00.000Z");
const copy = recordOf({ at: AT, inode: 7, purpose: "copy", command: "archive", reason: "sweep" });
const file = (more: object = {}) => ({ inode: 7, mtimeMs: Date.parse(AT) - 0.5, ...more });
const renewed = (record: CatalogRecord, purpose: Use["purpose"], source = file(), more: Partial<Use> = {}) =>
  renewedFor(record, {
    ...{ command: "archive", runId: "run", reason: "sweep", newest: record },
    ...{ purpose, source, seenAt: now, ...more },
  });

test("a copy that the next run knows by itself is entered no second time", () => {
  expect(renewed(copy, "copy", file(), { runId: "next" })).toBeUndefined();
  expect(renewed(copy, "copy", file({ mtimeMs: Date.parse(AT) + 0.5 }))).toBeUndefined();
});

test("one of a file that has another inode by now, or was touched, is", () => {
  const told = { ...copy, seenAt: now.toISOString() };
  expect(renewed(copy, "copy", file({ inode: 8 }))).toEqual({ ...told, inode: 8 });
  expect(renewed(copy, "copy", file({ mtimeMs: now.getTime() - 1 }))).toEqual(told);
  expect(renewed(told, "copy", file({ mtimeMs: now.getTime() - 1 }))).toBeUndefined();
});

test("a time in the future is no reason, or each run would enter it", () => {
  expect(renewed(copy, "copy", file({ mtimeMs: now.getTime() + 9000 }))).toBeUndefined();
});

test("of other archives not the inode is told anew: it says which file they were made of", () => {
  expect(renewed(copy, "remove", file({ inode: 8 }))).toEqual({ ...copy, purpose: "remove" });
  expect(renewed({ ...copy, purpose: "remove" }, "remove", file({ inode: 8 }))).toBeUndefined();
});

test("a command that relies on the archive of another one has it from then on, and lets it go by its own rules", () => {
  const rotate = { command: "rotate", runId: "next", reason: "size" } as const;
  expect(renewed(copy, "digest", file(), rotate)).toEqual({ ...copy, ...rotate, purpose: "digest" });
  const digested: CatalogRecord = { ...copy, ...rotate, purpose: "digest" };
  const idle = { command: "archive", runId: "last", reason: "idle" } as const;
  expect(renewed(digested, "remove", file(), idle)).toEqual({ ...copy, ...idle, purpose: "remove" });
  expect(renewed(digested, "copy", file(), idle)).toEqual({ ...copy, ...idle });
});

test("a run that takes lines out on the strength of an older archive is told, with what was newest then", () => {
  const cut: CatalogRecord = { ...copy, purpose: "cut" };
  const newest = recordOf({ segment: 2 });
  expect(renewed(cut, "cut", file(), { runId: "next" })).toEqual({ ...cut, runId: "next" });
  const again = { ...cut, runId: "next", usedAfter: newest.archive };
  expect(renewed(cut, "cut", file(), { runId: "next", newest })).toEqual(again);
  expect(renewed(again, "cut", file(), { runId: "next", newest })).toBeUndefined();
});
