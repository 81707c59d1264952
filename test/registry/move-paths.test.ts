import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkpointsOf, withPaths } from "../../src/registry/move-paths.ts";

const there = (path: string) => (path.startsWith("/main/") ? path.replace("/main/", "/work/") : undefined);

describe("withPaths", () => {
  test("gives the transcript and the copies from before compactions other paths, and keeps every other character", () => {
    const text = `{ "sessionId":"a", "n": 12345678901234567890.000,
      "sessionFile" : "/main/a.jsonl", "other": "/main/a.jsonl",
      "compactionCheckpoints": [ {"preCompaction":{"sessionFile":"/main/a.checkpoint.1.jsonl","x":[1, 2]},
        "postCompaction": {"sessionFile": "\\/main\\/a.jsonl"}}, null, {"preCompaction":7} ], "__proto__": {"sessionFile":"/main/b"}}`;
    const expected = text
      .replace('"sessionFile" : "/main/a.jsonl"', '"sessionFile" : "/work/a.jsonl"')
      .replace("/main/a.checkpoint", "/work/a.checkpoint")
      .replace('"\\/main\\/a.jsonl"', '"/work/a.jsonl"');
    expect(withPaths(text, there)).toBe(expected);
  });

  test("changes the one that readers see of repeated names, and nothing of other types", () => {
    expect(withPaths('{"sessionFile":"/main/a","sessionFile":"/main/b"}', there)).toBe(
      '{"sessionFile":"/main/a","sessionFile":"/work/b"}',
    );
    const odd = '{"sessionFile":7,"compactionCheckpoints":{"preCompaction":{"sessionFile":"/main/a"}}}';
    expect(withPaths(odd, there)).toBe(odd);
  });

  test("whatever an entry holds, paths that stay leave it as it is", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (entry) => {
        const text = JSON.stringify(entry, null, 1);
        expect(withPaths(text, () => undefined)).toBe(text);
      }),
      { numRuns: 200 },
    );
  });
});

test("checkpointsOf tells each file once, and nothing of entries that hold something else", () => {
  const copy = (sessionFile: unknown) => ({ preCompaction: { sessionFile }, postCompaction: { sessionFile: "/b" } });
  expect(checkpointsOf({ compactionCheckpoints: [copy("/a"), copy("/a"), copy(7), null, 3] })).toEqual(["/a", "/b"]);
  expect(checkpointsOf({ compactionCheckpoints: "x" })).toEqual([]);
  expect(checkpointsOf({})).toEqual([]);
});
