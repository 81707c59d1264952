import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { readSkimmedRows } from "../../src/structure/skim-rows.ts";
import { seededRandom } from "../support/random.ts";
import { randomTranscript } from "../support/random-transcript.ts";
import { injectFaults } from "../support/random-transcript-faults.ts";
import { mendCopy, scanFile, toFindings } from "../support/structure.ts";
import { timesOf } from "../support/thoroughness.ts";

const folder = mkdtempSync(join(tmpdir(), "properties-"));
afterAll(() => rmSync(folder, { recursive: true }));

const seeds = fc.integer({ min: 1, max: 1_000_000 });
const path = join(folder, "s.jsonl");
const fileOf = (bytes: Uint8Array) => {
  writeFileSync(path, bytes);
  return path;
};

describe.each(["claude-code", "openclaw"] as const)("random transcripts of %s", (dialect) => {
  test("a healthy one has no findings", { timeout: 120_000 }, async () => {
    const isSilent = async (seed: number) => {
      fileOf(randomTranscript(dialect, seed).bytes);
      expect((await scanFile(path, dialect)).damages).toEqual([]);
      expect((await scanFile(path, dialect, { read: readSkimmedRows })).damages).toEqual([]);
    };
    await fc.assert(fc.asyncProperty(seeds, isSilent), { numRuns: timesOf(150) });
  });

  test("with k faults it has exactly those k, and a repair leaves exactly the rest", { timeout: 120_000 }, async () => {
    const isExact = async (seed: number, count: number) => {
      const damaged = injectFaults(randomTranscript(dialect, seed), count, seed + 1);
      fileOf(damaged.bytes);
      const expected = damaged.findings.map((finding) => ({ ...finding, severity: "error" }));
      for (const read of [undefined, readSkimmedRows]) {
        const { damages } = await scanFile(path, dialect, read ? { read } : {});
        expect(inOrder(toFindings(damages))).toEqual(inOrder(expected));
      }
      const { bytes } = await mendCopy(path, dialect);
      expect((bytes ?? damaged.bytes).toString("latin1")).toBe(damaged.repaired.toString("latin1"));
      fileOf(damaged.repaired);
      expect((await mendCopy(path, dialect)).result).toMatchObject({ refused: "nothing" });
    };
    await fc.assert(fc.asyncProperty(seeds, fc.integer({ min: 1, max: 8 }), isExact), { numRuns: timesOf(150) });
  });

  test("whatever was done to its bytes, a repair throws nothing, repeats itself without effect, and keeps every whole line that it does not report", {
    timeout: 120_000,
  }, async () => {
    const isCareful = async (seed: number, blows: number) => {
      const bytes = spoil(randomTranscript(dialect, seed).bytes, blows, seed);
      fileOf(bytes);
      const before = await scanFile(path, dialect);
      expect(await scanFile(path, dialect, { read: readSkimmedRows })).toMatchObject({ damages: before.damages });
      const mended = await mendCopy(path, dialect);
      if (!mended.bytes) {
        expect(mended.result).toMatchObject({ refused: expect.stringMatching(/nothing|empty|worse/) });
        return;
      }
      const reported = new Set(before.damages.map(({ line }) => line));
      const lines = linesOf(bytes);
      // a row that stands twice is one row
      const told = new Set(lines.filter((_, at) => reported.has(at + 1)).map(withoutLinks));
      const kept = new Set(linesOf(mended.bytes).map(withoutLinks));
      const lost = lines.filter(
        (line) => isRow(line) && !told.has(withoutLinks(line)) && !kept.has(withoutLinks(line)),
      );
      expect(lost).toEqual([]);
      fileOf(mended.bytes);
      expect((await mendCopy(path, dialect)).result).toMatchObject({ refused: expect.stringMatching(/nothing|worse/) });
    };
    await fc.assert(fc.asyncProperty(seeds, fc.integer({ min: 1, max: 12 }), isCareful), { numRuns: timesOf(200) });
  });
});

/** Cuts, doubles, moves and overwrites pieces of a file, within lines and across them. */
function spoil(bytes: Buffer, blows: number, seed: number): Buffer {
  const random = seededRandom(seed);
  let text = bytes.toString("latin1");
  for (let blow = 0; blow < blows; blow += 1) {
    const at = random.integer(0, text.length - 1);
    const length = random.integer(1, 400);
    const piece = text.slice(at, at + length);
    const lines = text.split("\n");
    const line = random.integer(0, lines.length - 1);
    switch (random.integer(0, 6)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + length);
        break;
      case 1:
        text = text.slice(0, at) + "\0".repeat(length) + text.slice(at + (random.chance(0.5) ? length : 0));
        break;
      case 2:
        text = text.slice(0, at) + piece + text.slice(at);
        break;
      case 3:
        text = lines.toSpliced(line, 0, lines[random.integer(0, lines.length - 1)] ?? "").join("\n");
        break;
      case 4:
        text = lines.toSpliced(line, random.integer(1, 3)).join("\n");
        break;
      case 5:
        text = lines.toSpliced(line, 1, ...(lines[line] ?? "").split(",")).join("\n");
        break;
      default:
        text = text.slice(0, at) + (random.chance(0.5) ? "\n" : "\\ud83d") + text.slice(at + random.integer(0, 1));
    }
    if (text.length === 0) return bytes;
  }
  return Buffer.from(text, "latin1");
}

/** What may change in a row that is sound itself: on which other row it hangs, and what a compaction kept. */
function withoutLinks(line: string): string {
  try {
    const {
      parentUuid,
      parentId,
      sourceToolAssistantUUID,
      leafUuid,
      firstKeptEntryId,
      targetId,
      appendParentId,
      ...row
    } = JSON.parse(line);
    return JSON.stringify({ ...row, compactMetadata: undefined });
  } catch {
    return line;
  }
}

function isRow(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function linesOf(bytes: Buffer): string[] {
  return bytes.toString("latin1").split("\n");
}

function inOrder<T extends { line: number; kind: string; ids: string[] }>(findings: readonly T[]): T[] {
  return findings.toSorted(
    (a, b) => a.line - b.line || a.kind.localeCompare(b.kind) || a.ids.join().localeCompare(b.ids.join()),
  );
}
