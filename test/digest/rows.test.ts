import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { DigestFacts } from "../../src/digest/gather.ts";
import {
  anyKept,
  asTranscript,
  digestText,
  gatherFrom,
  options,
  type RowLike,
  rowsOf,
  talk,
  talkRows,
} from "../support/digest.ts";
import { scanFile } from "../support/structure.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

const folder = mkdtempSync(join(tmpdir(), "digest-rows-"));
afterAll(() => rmSync(folder, { recursive: true }));

const dialects = ["claude-code", "openclaw"] as const;
const SIZE = 16_000;
const messageIn = (row: RowLike | undefined) => row?.message as { content: unknown; usage: RowLike };

describe.each(dialects)("%s", (dialect) => {
  test("what is left has no damage, whatever its size", async () => {
    const facts = await gatherFrom(dialect, talkRows(dialect));
    for (const limitBytes of [2000, 2500, 4000, SIZE]) {
      const rows = digestText(facts, { ...options, limitBytes });
      expect(rows?.length).toBeLessThanOrEqual(limitBytes);
      expect(await damagesOf(dialect, rows)).toEqual([]);
    }
  });

  test("never larger than the limit, each line a row, and no damage, whatever there is to keep", async () => {
    const facts = await gatherFrom(dialect, talkRows(dialect));
    await fc.assert(
      fc.asyncProperty(anyKept, fc.integer({ min: 200, max: 6000 }), fc.nat(9000), async (kept, limitBytes, length) => {
        const reply = facts.lastReply && longer(facts.lastReply, length);
        const rows = digestText(
          { ...facts, ...kept, ...(reply ? { lastReply: reply } : {}) },
          { ...options, limitBytes },
        );
        if (!rows) expect(limitBytes).toBeLessThan(1500);
        else {
          expect(rows.length).toBeLessThanOrEqual(limitBytes);
          expect(rows.at(-1)).toBe(0x0a);
          expect(rowsOf(rows).length).toBeGreaterThan(1);
          expect(wordsIn(rows)).toContain(options.archive);
          expect(await damagesOf(dialect, rows)).toEqual([]);
        }
      }),
    );
  });

  test("a digest of a digest holds the same, as many times as one likes", async () => {
    const first = digestText(await gatherFrom(dialect, talkRows(dialect)), { ...options, limitBytes: 3000 });
    let latest = first ?? Buffer.alloc(0);
    for (let times = 0; times < 3; times += 1) {
      const facts = await gatherFrom(dialect, latest);
      latest = digestText(facts, { ...options, limitBytes: 3000 }) ?? Buffer.alloc(0);
      expect(wordsIn(latest)).toBe(wordsIn(first));
      expect(latest.length).toBeLessThanOrEqual(first?.length ?? 0);
    }
  });

  test("a large transcript becomes a digest that uses the room there is", async () => {
    const path = join(folder, `large-${dialect}.jsonl`);
    const { sessionId, changedFiles: files } = writeTranscript(path, { dialect, bytes: 2_000_000, boundaries: 1 });
    const facts = await gatherFrom(dialect, readFileSync(path));
    const rows = digestText(facts, { ...options, sessionId, files, limitBytes: SIZE });
    expect(rows?.length).toBeGreaterThan(SIZE / 2);
    expect(rows?.length).toBeLessThanOrEqual(SIZE);
    expect(await damagesOf(dialect, rows)).toEqual([]);
  });

  test("the ids come from the source that is given, and the same facts give the same bytes", async () => {
    const facts = await gatherFrom(dialect, talkRows(dialect));
    const make = () => {
      let count = 0;
      const newUuid = () => {
        count += 1;
        return `0000000${count}-0000-4000-8000-000000000000`;
      };
      return digestText(facts, { ...options, newUuid, limitBytes: SIZE });
    };
    expect(make()).toEqual(make());
    expect(make()?.toString()).toContain(dialect === "openclaw" ? '"id":"00000001"' : '"uuid":"00000001-');
  });

  test("no room for words is no digest", async () => {
    const facts = await gatherFrom(dialect, talkRows(dialect));
    expect(digestText(facts, { ...options, limitBytes: 600 })).toBeUndefined();
  });
});

describe("Claude Code", () => {
  test("a compaction, its summary, the metadata, and the reply as it was but for its parent and what it counted", async () => {
    const facts = await gatherFrom("claude-code", talkRows("claude-code"));
    const transcript = digestText(facts, { ...options, limitBytes: SIZE });
    for (const line of transcript?.toString().trimEnd().split("\n") ?? [])
      expect(line).toMatch(/^\{"(?:parentUuid|type)":/);
    const [mode, title, boundary, summary, reply, ...rest] = rowsOf(transcript);
    const stamp = { isSidechain: false, cwd: "/home/mira/orchard", version: "2.1.100", sessionId: talk.sessionId };
    const compaction = { parentUuid: null, type: "system", subtype: "compact_boundary", isMeta: false, level: "info" };
    expect(boundary).toMatchObject({ ...stamp, ...compaction, content: "Conversation compacted" });
    expect(boundary?.compactMetadata).toEqual({ trigger: "auto", preTokens: 190_013 });
    const marks = { isCompactSummary: true, isVisibleInTranscriptOnly: true };
    expect(summary).toMatchObject({ ...stamp, ...marks, parentUuid: boundary?.uuid, type: "user" });
    expect([mode?.type, title?.customTitle, rest]).toEqual(["mode", "Nine ladders", []]);
    const before: RowLike = JSON.parse(facts.lastReply?.bytes.toString() ?? "");
    const counted = { input_tokens: 0, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 };
    const message = { ...(before.message as object), usage: counted };
    expect(reply).toEqual({ ...before, parentUuid: summary?.uuid, message });
  });

  test("the last row is the newest: old releases begin there", async () => {
    const facts = await gatherFrom("claude-code", talkRows("claude-code"));
    const { lastReply: _, ...withoutReply } = facts;
    for (const some of [facts, withoutReply]) {
      const times = rowsOf(digestText(some, { ...options, limitBytes: SIZE })).flatMap(
        ({ timestamp }) => timestamp ?? [],
      );
      expect(times).toEqual([...new Set(times)].toSorted());
      expect(times.length).toBe(some === facts ? 3 : 2);
    }
  });

  test("a reply that is too long is cut to its share, and leaves the words theirs", async () => {
    const facts = await gatherFrom("claude-code", talkRows("claude-code"));
    const reply = facts.lastReply && longer(facts.lastReply, 50_000);
    const requests = [{ text: "Go on. ".repeat(5000) }];
    const transcript = digestText(
      { ...facts, requests, ...(reply ? { lastReply: reply } : {}) },
      { ...options, limitBytes: 6000 },
    );
    const last = transcript?.toString().trimEnd().split("\n").at(-1) ?? "";
    expect(Buffer.byteLength(last)).toBeGreaterThan(1900);
    expect(Buffer.byteLength(last)).toBeLessThan(2000);
    expect(messageIn(JSON.parse(last)).content).toEqual([{ type: "text", text: expect.stringMatching(/^long .*…$/) }]);
    expect(transcript?.length).toBeGreaterThan(5900);
  });
});

describe("OpenClaw", () => {
  test("the header, the reply among the choices around it, and a compaction that keeps it, each hung on the one before", async () => {
    const facts = await gatherFrom("openclaw", talkRows("openclaw"));
    const [header, thinking, reply, model, compaction, ...rest] = rowsOf(
      digestText(facts, { ...options, limitBytes: SIZE }),
    );
    expect(header).toEqual(talkRows("openclaw")[0]);
    expect([thinking?.parentId, reply?.parentId, model?.parentId]).toEqual([null, thinking?.id, reply?.id]);
    const kept = { parentId: model?.id, firstKeptEntryId: reply?.id, tokensBefore: 190_013, timestamp: talk.lastAt };
    expect(compaction).toMatchObject({ type: "compaction", id: expect.stringMatching(/^[0-9a-f]{8}$/), ...kept });
    expect([model?.modelId, rest]).toEqual(["claude-example-1", []]);
    const before = JSON.parse(facts.lastReply?.bytes.toString() ?? "");
    expect(messageIn(reply).content).toEqual(before.message.content);
    expect(messageIn(reply).usage).toEqual({
      input: 0,
      output: 0,
      cacheRead: 0,
      cacheWrite: 0,
      totalTokens: 0,
      cost: { total: 0.1 },
    });
  });

  test("without a header or a finished reply there is none: the program would empty it", async () => {
    const { header, lastReply, ...rest } = await gatherFrom("openclaw", talkRows("openclaw"));
    const make = (facts: DigestFacts) => digestText(facts, { ...options, limitBytes: SIZE });
    expect(make({ ...rest, ...(header ? { header } : {}) })).toBeUndefined();
    expect(make({ ...rest, ...(lastReply ? { lastReply } : {}) })).toBeUndefined();
    expect(make({ ...rest, ...(header ? { header } : {}), ...(lastReply ? { lastReply } : {}) })).toBeDefined();
  });
});

/** A reply with so many more characters at its beginning. */
function longer(reply: NonNullable<DigestFacts["lastReply"]>, length: number): NonNullable<DigestFacts["lastReply"]> {
  const text = "long ".repeat(length / 5) + reply.text;
  const bytes = Buffer.from(reply.bytes.toString().replace(JSON.stringify(reply.text), JSON.stringify(text)));
  return { ...reply, text, bytes };
}

async function damagesOf(dialect: (typeof dialects)[number], rows: Buffer | undefined) {
  const path = join(folder, "made.jsonl");
  writeFileSync(path, rows ?? asTranscript([]));
  return (await scanFile(path, dialect)).damages;
}

/** The digest's text in a transcript. */
function wordsIn(transcript: Buffer | undefined): unknown {
  const rows = rowsOf(transcript);
  return rows.at(-1)?.summary ?? messageIn(rows.find(({ isCompactSummary }) => isCompactSummary))?.content;
}
