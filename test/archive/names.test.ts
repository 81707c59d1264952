import { basename } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { archiveName, parseArchiveName } from "../../src/archive/names.ts";

const of = {
  dialect: "openclaw",
  group: "main",
  sessionId: "6f0c",
  reason: "size",
  at: new Date("2026-11-20T16:55:01.987Z"),
} as const;

test("an archive's name tells dialect, agent, session, time and reason, and a taken name gets a number", () => {
  expect(archiveName({ ...of, attempt: 1 })).toBe("openclaw/main/6f0c.20261120T165501Z.size.jsonl.gz");
  expect(archiveName({ ...of, attempt: 2 })).toBe("openclaw/main/6f0c.20261120T165501Z-2.size.jsonl.gz");
});

test.each([
  ["a", 230],
  ["é", 115],
  ["語", 80],
])(
  "an id that is too long keeps its beginning, room for all endings, and differs from others (%s)",
  (letter, count) => {
    const [one, two] = ["x", "y"].map((end) =>
      archiveName({ ...of, sessionId: letter.repeat(count) + end, attempt: 999 }),
    );
    expect(Buffer.byteLength(`${basename(one ?? "")}-99.sidecars.tar.gz.4194304-01234567.partial`)).toBeLessThanOrEqual(
      255,
    );
    expect(one?.startsWith(`openclaw/main/${letter.repeat(50)}`)).toBe(true);
    expect(one).not.toContain("\ufffd");
    expect(one).not.toBe(two);
    const parts = parseArchiveName(one ?? "");
    expect(parts).toMatchObject({ group: "main", reason: "size", attempt: 999 });
    expect(parts && archiveName(parts)).toBe(one);
  },
);

describe("a name is taken apart again", () => {
  const part = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,40}$/);
  const parts = fc.record({
    dialect: fc.constantFrom("claude-code" as const, "openclaw" as const),
    group: part,
    sessionId: part,
    reason: fc.constantFrom("size" as const, "corrupt", "repair", "idle", "sweep", "leftover", "manual"),
    at: fc
      .date({ min: new Date("2000-01-01T00:00:00Z"), max: new Date("2100-01-01T00:00:00Z"), noInvalidDate: true })
      .map((at) => new Date(Math.floor(at.getTime() / 1000) * 1000)),
    attempt: fc.integer({ min: 1, max: 40 }),
  });

  test("into what it was made of", () => {
    fc.assert(
      fc.property(parts, (made) => {
        expect(parseArchiveName(archiveName(made))).toEqual(made);
      }),
    );
  });

  test.for([
    "openclaw/main/6f0c.20261120T165501Z.size.jsonl",
    "openclaw/main/6f0c.20261120T165501Z.size.sidecars.tar.gz",
    "openclaw/main/6f0c.20261120T165501Z.other.jsonl.gz",
    "openclaw/main/6f0c.20261120T165501Z.constructor.jsonl.gz",
    "openclaw/main/6f0c.20261340T165501Z.size.jsonl.gz",
    "openclaw/main/6f0c.20261120T165501Z-1.size.jsonl.gz",
    "openclaw/main/6f0c.20261120T165501Z-02.size.jsonl.gz",
    "openclaw/main/.20261120T165501Z.size.jsonl.gz",
    "openclaw/../6f0c.20261120T165501Z.size.jsonl.gz",
    "openclaw/main/below/6f0c.20261120T165501Z.size.jsonl.gz",
    "another/main/6f0c.20261120T165501Z.size.jsonl.gz",
    "6f0c.20261120T165501Z.size.jsonl.gz",
  ])("but not %s", (name) => {
    expect(parseArchiveName(name)).toBeUndefined();
  });
});
