import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { findMeant, liveOf, newestOfHistory, segmentOf } from "../../src/restore/choose.ts";
import { archiveOf } from "../support/records.ts";

const [first, second] = [archiveOf({ segment: 1 }), archiveOf({ segment: 2, reason: "repair" })];
const both = [first, second];

describe("what is meant", () => {
  test("a session by its id; an archive by its name, its name in the catalog, or its path", () => {
    expect(findMeant("s1", "/cwd/s1", both)).toEqual({ session: both });
    expect(findMeant(basename(first.path), "/cwd/x", both)).toEqual({ archive: first });
    expect(findMeant(first.record.archive, "/cwd/x", both)).toEqual({ archive: first });
    expect(findMeant("whatever", second.path, both)).toEqual({ archive: second });
    expect(findMeant("s2", "/cwd/s2", both)).toEqual({ session: [] });
  });

  test("a name that two archives have is refused, their paths are not", () => {
    const twin = { ...first, folder: "/other", path: `/other/${first.record.archive}` };
    expect(() => findMeant(basename(first.path), "/cwd/x", [first, twin])).toThrow("2 archives");
    expect(findMeant(twin.path, twin.path, [first, twin])).toEqual({ archive: twin });
  });
});

test("an archive by its number: there has to be exactly one", () => {
  expect(segmentOf(both, 2, "s1")).toBe(second);
  expect(() => segmentOf(both, 3, "s1")).toThrow("no archive of the number 3, but of 1, 2");
  expect(() => segmentOf([first, archiveOf({ source: "/elsewhere" })], 1, "s1")).toThrow("2 archives");
});

test("a history without a live transcript ends with the newest archive that is no repair, if there is one", () => {
  expect(newestOfHistory(both)).toBe(first);
  expect(newestOfHistory([second])).toBe(second);
  expect(newestOfHistory([])).toBeUndefined();
});

test("of several transcripts of an id, the archived one is meant; none that is known is refused", () => {
  const own = { sessionId: "s1", path: first.record.source };
  const other = { sessionId: "s1", path: "/elsewhere/s1.jsonl" };
  expect(liveOf([other], "s1", both)).toBe(other);
  expect(liveOf([other, own], "s1", both)).toBe(own);
  expect(liveOf([own], "s2", [])).toBeUndefined();
  expect(() => liveOf([other, { ...other, path: "/third" }], "s1", both)).toThrow("2 transcripts");
});
