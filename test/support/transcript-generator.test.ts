import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { type TranscriptOptions, writeTranscript } from "./transcript-generator.ts";

const folder = mkdtempSync(join(tmpdir(), "transcript-generator-test-"));
const path = join(folder, "transcript.jsonl");
afterAll(() => rmSync(folder, { recursive: true }));

const dialects = ["claude-code", "openclaw"] as const;

function written(options: TranscriptOptions) {
  const facts = writeTranscript(path, options);
  const text = readFileSync(path, "utf8");
  return { ...facts, text, rows: text.trimEnd().split("\n") };
}

/** Ids of calls and of results, wherever they stand in a row's message. */
function idsIn(rows: string[]) {
  const blocks = rows.flatMap((row) => {
    const { message } = JSON.parse(row) as { message?: { content?: unknown; toolCallId?: string } };
    return [message ?? {}, ...(Array.isArray(message?.content) ? message.content : [])];
  }) as Record<string, string>[];
  return {
    calls: blocks.filter(({ type }) => type === "tool_use" || type === "toolCall").map(({ id }) => id),
    results: blocks.flatMap(({ tool_use_id, toolCallId }) => tool_use_id ?? toolCallId ?? []),
  };
}

test.for(
  dialects.flatMap((dialect) => [4_000, 10_000, 123_456, 2_000_000, 2_000_001].map((bytes) => ({ dialect, bytes }))),
)("a $dialect transcript of $bytes bytes has that size, and says so", ({ dialect, bytes }) => {
  const { bytes: told, lines, text } = written({ dialect, bytes });
  expect({ told, size: statSync(path).size }).toEqual({ told: bytes, size: bytes });
  expect(lines).toBe(text.split("\n").length - 1);
});

test.for(dialects)("the rows of a %s transcript hang together", (dialect) => {
  const { text, rows, toolIds, orphanIds, sessionId } = written({
    dialect,
    bytes: 1_000_000,
    boundaries: 2,
    orphans: 2,
  });
  const { calls, results } = idsIn(rows);
  expect(toolIds.length).toBeGreaterThan(20);
  expect(calls).toEqual(toolIds);
  expect(results.toSorted()).toEqual([...toolIds, ...orphanIds].toSorted());
  expect(orphanIds).toHaveLength(2);

  const boundary = /"subtype":"compact_boundary"|"type":"compaction"/;
  expect(rows.filter((row) => boundary.test(row))).toHaveLength(2);
  const known = new Set<string | null>([null]);
  for (const row of rows) {
    const { uuid, id, parentUuid, parentId } = JSON.parse(row);
    expect(known).toContain(parentUuid ?? parentId ?? null);
    known.add(uuid ?? id);
  }
  expect(text).toContain(sessionId);
});

test.for(dialects)("the files that a %s transcript says were changed are named in it", (dialect) => {
  const { text, changedFiles } = written({ dialect, bytes: 300_000 });
  expect(changedFiles.length).toBeGreaterThan(2);
  for (const file of changedFiles) expect(text).toContain(file);
});

test("the same options give the same bytes, another seed gives others", () => {
  const options = { dialect: "claude-code", bytes: 50_000 } as const;
  const [first, again, other] = [written(options), written(options), written({ ...options, seed: 2 })];
  expect(again.text).toBe(first.text);
  expect(other.text).not.toBe(first.text);
});
