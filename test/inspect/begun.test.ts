import { expect, test } from "vitest";
import { isSameAs, isUnfinished } from "../../src/inspect/begun.ts";
import type { Transcript } from "../../src/installation/installation.ts";

const aTranscript = (more: object = {}, entries: object[] = []) =>
  ({
    path: "/s.jsonl",
    entries,
    fingerprint: { inode: 1, sizeBytes: 9, mtimeMs: 5, ...more },
  }) as unknown as Transcript;

test("what was tried on a session counts as long as it has not changed", () => {
  const tried = { path: "/s.jsonl", inode: 1, sizeBytes: 9, mtimeMs: 5, rewind: false };
  expect(isSameAs(aTranscript(), tried)).toBe(true);
  for (const more of [{ inode: 2 }, { sizeBytes: 10 }, { mtimeMs: 6 }])
    expect(isSameAs(aTranscript(more), tried)).toBe(false);
  expect(isSameAs(aTranscript(), { ...tried, path: "/t.jsonl" })).toBe(false);
});

test("a session that is forgotten is unfinished until it is emptied or another file has its name", () => {
  const begun = { path: "/s.jsonl", inode: 1, sizeBytes: 9, reason: "size", needsRestart: false } as const;
  expect(isUnfinished(aTranscript(), begun)).toBe(true);
  expect(isUnfinished(aTranscript({ sizeBytes: 0 }), begun)).toBe(false);
  expect(isUnfinished(aTranscript({ inode: 2 }), begun)).toBe(false);
  expect(isUnfinished(aTranscript({}, [{}]), begun)).toBe(false);
  expect(isUnfinished(aTranscript(), { ...begun, reason: "repair" })).toBe(false);
});
