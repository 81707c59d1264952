import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { KeeperError } from "../../src/errors.ts";
import { findMembers } from "../../src/json/json-text.ts";
import { type EntryOrigin, type MergeSource, mergeSources } from "../../src/registry/merge.ts";
import { salvageRegistry } from "../../src/registry/salvage.ts";
import { jsonObject, jsonStyle, printJson } from "../support/json-arbitraries.ts";

function source(origin: EntryOrigin, writtenMs: number, text: string): MergeSource {
  return { origin, path: `/${origin}-${writtenMs}`, writtenMs, salvage: salvageRegistry(Buffer.from(text)) };
}

const registry = (ids: Record<string, string>) =>
  JSON.stringify(
    Object.fromEntries(Object.entries(ids).map(([key, sessionId]) => [`agent:main:${key}`, { sessionId }])),
    null,
    2,
  );
const told = (merge: ReturnType<typeof mergeSources>) =>
  merge.entries.map(({ key, text, path }) => [key, JSON.parse(text).sessionId, path]);

describe("mergeSources", () => {
  it("makes of one whole registry in the gateway's layout the very same text", () => {
    fc.assert(
      fc.property(jsonObject, (object) => {
        const text = printJson(object, { pretty: 2 });
        expect(mergeSources([source("own-text", 1, text)]).text).toBe(text);
      }),
    );
  });

  it("takes every key from the newest source that has it, as it stands there", () => {
    const some = fc.array(fc.tuple(jsonObject, jsonStyle, fc.nat(3)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(some, (list) => {
        const sources = list.map(([object, style, at], index) =>
          source(index % 2 ? "temp" : "backup", at * 10 - index, printJson(object, style)),
        );
        const { text, entries } = mergeSources(sources);
        const newestFirst = [...sources].sort((a, b) => b.writtenMs - a.writtenMs);
        const expected = new Map<string, string>();
        for (const { salvage } of newestFirst) {
          for (const { key, text: value } of salvage.entries) if (!expected.has(key)) expected.set(key, value);
        }
        expect(
          findMembers(text).members.map(({ name, valueAt, valueEnd }) => [name, text.slice(valueAt, valueEnd)]),
        ).toEqual([...expected]);
        expect(entries.map(({ key }) => key)).toEqual([...expected.keys()]);
        expect(new Set(Object.keys(JSON.parse(text)))).toEqual(new Set(expected.keys()));
      }),
    );
  });

  it("fills what is broken from temporary files, backups and transcripts, and lists what none of them has", () => {
    const own = registry({ a: "a1", b: "b1", c: "c1", d: "d1" }).slice(0, -60);
    const torn = source("own-text", 30, own.replace('"b1"\n', '"b1\n'));
    const merged = mergeSources([
      { ...source("transcript", 99, registry({ a: "a9", e: "e9" })) },
      source("backup", 10, registry({ a: "a0", b: "b0" })),
      torn,
      source("temp", 20, registry({ x: "x0" }).slice(0, -5)),
    ]);
    expect(told(merged)).toEqual([
      ["agent:main:a", "a1", "/own-text-30"],
      ["agent:main:b", "b0", "/backup-10"],
      ["agent:main:e", "e9", "/transcript-99"],
    ]);
    expect(merged.lost.map(({ key, path }) => [key, path])).toEqual([
      ["agent:main:c", "/own-text-30"],
      ["agent:main:x", "/temp-20"],
    ]);
  });

  it("rather takes an entry that is whole from an older source than a doubtful one, but that than a rebuilt one", () => {
    const early = '{"agent:main:a":{"sessionId":"half"},"x":1},"agent:main:b":{"sessionId":"b"}}';
    const doubtful = source("own-text", 3, early);
    expect(doubtful.salvage.entries[0]?.doubt).toBe("may-lack-fields");
    const rebuilt = source("transcript", 9, registry({ a: "rebuilt" }));
    expect(told(mergeSources([doubtful, rebuilt]))[0]).toEqual(["agent:main:a", "half", "/own-text-3"]);
    expect(told(mergeSources([doubtful, rebuilt, source("backup", 1, registry({ a: "old" }))]))[0]).toEqual([
      "agent:main:a",
      "old",
      "/backup-1",
    ]);
  });

  it("tells which entries a newer whole source does not have, and leaves out what isn't to be kept", () => {
    const sources = [
      source("own-text", 4, registry({ a: "a", z: "z" }).slice(0, -5)),
      source("temp", 3, registry({ a: "a" })),
      source("backup", 2, registry({ a: "a", gone: "gone", z: "z" })),
    ];
    const { entries } = mergeSources(sources);
    expect(entries.map(({ key, isAbsentFromNewer }) => [key, isAbsentFromNewer])).toEqual([
      ["agent:main:a", false],
      ["agent:main:gone", true],
      ["agent:main:z", false],
    ]);
    const kept = mergeSources(sources, ({ isAbsentFromNewer }) => !isAbsentFromNewer);
    expect(Object.keys(JSON.parse(kept.text))).toEqual(["agent:main:a", "agent:main:z"]);
  });

  it("makes an empty registry of nothing", () => {
    expect(mergeSources([])).toEqual({ text: "{}", entries: [], lost: [] });
  });

  it("throws away what is no JSON, or would be read as something else", () => {
    for (const text of ["{", "1,2", '{},"b":{}', "{}}", "", " {}"]) {
      const made: MergeSource = {
        origin: "transcript",
        path: "/x",
        writtenMs: 1,
        salvage: { entries: [{ key: "a", text }], lost: [], isWhole: false },
      };
      expect(() => mergeSources([made])).toThrow(KeeperError);
    }
  });
});
