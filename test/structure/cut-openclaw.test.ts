import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { readSkimmedRows } from "../../src/structure/skim-rows.ts";
import {
  asks,
  compacts,
  contextOf,
  cutOpenClaw,
  entry,
  fileOf,
  header,
  idsOf,
  keptOfPlain,
  linesOf,
  notes,
  opening,
  plain,
  replies,
  says,
  withoutParent,
} from "../support/cut-openclaw.ts";
import { randomTranscript } from "../support/random-transcript.ts";
import { scanFile } from "../support/structure.ts";

const folder = mkdtempSync(join(tmpdir(), "cut-openclaw-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "s.jsonl");

async function cut(bytes: string | Buffer, options: Parameters<typeof cutOpenClaw>[1] = {}) {
  writeFileSync(path, bytes);
  return cutOpenClaw(path, options);
}

/** The lines of the result; fails when there is no cut. */
async function cutLines(rows: readonly object[], options: Parameters<typeof cutOpenClaw>[1] = {}): Promise<string[]> {
  const result = await cut(fileOf(rows), options);
  if ("refused" in result) throw new Error(`refused: ${result.refused} in line ${result.line}`);
  return linesOf(result.bytes);
}

const textOf = (result: Awaited<ReturnType<typeof cut>>) =>
  JSON.stringify("refused" in result ? result : { ...result.cut, carried: result.bytes.toString() });
describe("random transcripts", () => {
  const seeds = fc.integer({ min: 1, max: 1_000_000 });

  test("what is cut rebuilds the same conversation out of the same lines, and has no damage", async () => {
    const counts = { cut: 0, without: 0 };
    const isSame = async (seed: number) => {
      const { lines } = randomTranscript("openclaw", seed);
      const before = `${lines.join("\n")}\n`;
      const result = await cut(before);
      expect(textOf(await cut(before, { read: readSkimmedRows }))).toBe(textOf(result));
      if ("refused" in result) {
        counts.without += 1;
        const { summary, messages } = contextOf(lines);
        const hasReply = messages.some((line) => line.includes('"role":"assistant"'));
        expect(result.refused).toBe(summary === undefined ? "no-boundary" : hasReply ? "" : "no-reply");
        return;
      }
      counts.cut += 1;
      const after = linesOf(result.bytes);
      expect(contextOf(after)).toEqual(contextOf(lines));
      expect(after[0]).toBe(lines[0]);
      const originals = new Set(lines);
      const links = new Set(lines.map(withoutParent));
      const changed = after.slice(2).filter((line) => !originals.has(line));
      expect(changed.filter((line) => !links.has(withoutParent(line)))).toEqual([]);
      expect(result.cut).toMatchObject({
        archivedTo: Buffer.byteLength(before),
        keptFrom: Buffer.byteLength(before),
        carriedLines: after.length,
        bytesAfter: result.bytes.length - Buffer.byteLength(after[1] ?? "") - 1,
      });
      expect(JSON.parse(lines[result.cut.boundary.line - 1] ?? "").type).toBe("compaction");
      writeFileSync(path, result.bytes);
      expect((await scanFile(path, "openclaw")).damages).toEqual([]);
      const again = await cutOpenClaw(path, { ids: ["5e900002"] });
      if ("refused" in again) throw new Error(`the second time refused: ${again.refused}`);
      expect(again.bytes.toString().replaceAll("5e900002", "5e900001")).toBe(result.bytes.toString());
    };
    await fc.assert(fc.asyncProperty(seeds, isSame), { numRuns: 200 });
    expect(counts.cut).toBeGreaterThan(100);
  });
});

test("the header, a row of ours, and what the compaction keeps are all that stays", async () => {
  const lines = await cutLines(plain);
  expect(lines).toEqual([
    JSON.stringify(header),
    expect.stringContaining('"customType":"segment-header"'),
    JSON.stringify(asks("k1", "5e900001")),
    ...plain.slice(4).map((row) => JSON.stringify(row)),
  ]);
});

test("a row that gets another parent keeps every other byte, whatever they are", async () => {
  const odd = '{ "type":"message" , "id":"k1","parentId" : "a2","message":{"role":"user","content":"\\u00e9 \\/ é ';
  const bytes = Buffer.concat([
    Buffer.from(`${fileOf(plain.slice(0, 3))}${odd}`),
    Buffer.from([0xff, 0xfe]),
    Buffer.from(`"},"parent":{"parentId":"a2"},"n":12345678901234567890}\r\n\n${fileOf(plain.slice(4))}`),
  ]);
  const result = await cut(bytes);
  if ("refused" in result) throw new Error(result.refused);
  const before = bytes.toString("latin1");
  const expected = before.replace('"parentId" : "a2"', '"parentId" : "5e900001"').replace("\r\n\n", "\r\n");
  expect(result.bytes.toString("latin1").split("\n").slice(2).join("\n")).toBe(
    expected.slice(expected.indexOf('{ "type"')),
  );
});

test("our row is made again until its id is its own", async () => {
  const lines = await cutLines(plain, { ids: ["k2", "a1", "5e900007"] });
  expect(idsOf(lines).slice(0, 2)).toEqual(["5e900007", "k1"]);
  await expect(cutLines(plain, { ids: ["k2"] })).rejects.toThrow("id of its own");
});

test("a line without a newline inside that no program can read stays where it is, when nothing hangs on it", async () => {
  const result = await cut(`${fileOf(plain.slice(0, 5))}{"type":"message","id":"zz\n[1]\n\n${fileOf(plain.slice(5))}`);
  if ("refused" in result) throw new Error(result.refused);
  const lines = linesOf(result.bytes);
  expect(lines.slice(3, 6)).toEqual([JSON.stringify(plain[4]), '{"type":"message","id":"zz', "[1]"]);
  expect(lines.map((line) => line.length > 30 && JSON.parse(line).id).filter(Boolean)).toEqual(["s", ...keptOfPlain]);
});

test.each<[string, string | readonly object[], { refused: string; line?: number }]>([
  ["without a compaction", opening, { refused: "no-boundary" }],
  ["with one on a branch that was left", [...plain, asks("b1", "k2")], { refused: "no-boundary" }],
  [
    "that keeps what is not there",
    [...opening, compacts("c1", "k2", "gone")],
    { refused: "kept-row-missing", line: 6 },
  ],
  [
    "that keeps what is on another branch",
    [...opening, asks("b1", "a2"), compacts("c1", "k2", "b1")],
    { refused: "kept-row-missing", line: 7 },
  ],
  [
    "that says nothing of what it keeps",
    [...opening, compacts("c1", "k2", "")],
    { refused: "kept-row-missing", line: 6 },
  ],
  ["without a header", plain.slice(1), { refused: "no-header", line: 1 }],
  ["without anything", "", { refused: "no-header", line: 1 }],
  ["whose header has no id", [{ type: "session", version: 3 }, ...plain.slice(1)], { refused: "no-header", line: 1 }],
  ["of the first version", [{ ...header, version: undefined }, ...plain.slice(1)], { refused: "no-header", line: 1 }],
  ["of a version to come", [{ ...header, version: 4 }, ...plain.slice(1)], { refused: "no-header", line: 1 }],
  [
    "whose compaction counts rows",
    [...opening, { ...compacts("c1", "k2", "k1"), firstKeptEntryIndex: 3 }, replies("n1", "c1")],
    { refused: "no-header", line: 6 },
  ],
  ["that is being written", fileOf(plain).trimEnd(), { refused: "unfinished-line", line: 8 }],
  [
    "that has no reply any more",
    [...opening, compacts("c1", "k2", "c1"), asks("n1", "c1")],
    { refused: "no-reply", line: 6 },
  ],
  [
    "whose reply on a branch that was left is the only one",
    [...opening, compacts("c1", "k2", "c1"), replies("b1", "c1"), asks("n1", "c1")],
    { refused: "no-reply", line: 6 },
  ],
  [
    "in which the first reply comes late",
    [...opening, compacts("c1", "k2", "c1"), ...manyNotes(497), replies("n2", "x497")],
    { refused: "no-reply", line: 6 },
  ],
  [
    "that navigates to before",
    [...plain, entry("leaf", "f1", "n2", { targetId: "a2" }), asks("n3", "n2")],
    { refused: "checkpoint", line: 9 },
  ],
  [
    "that navigates to nowhere",
    [...plain, entry("leaf", "f1", "n2", { targetId: null }), asks("n3", "n2")],
    { refused: "checkpoint", line: 9 },
  ],
  [
    "that would lead elsewhere without a branch that goes",
    [
      ...plain,
      entry("leaf", "f1", "n2", { targetId: "n1", appendParentId: "n2" }),
      asks("z1", "a2"),
      replies("n3", "n2"),
    ],
    { refused: "checkpoint", line: 6 },
  ],
  [
    "in which a row names a row beside what is cut off",
    [...plain, says("assistant", "p1", "a2", { appendMode: "side" }), asks("n3", "p1")],
    { refused: "straggler", line: 10 },
  ],
  [
    "that keeps a row which only navigates",
    [
      ...opening.slice(0, 3),
      entry("leaf", "f1", "a2", { targetId: "a2" }),
      asks("k1", "f1"),
      replies("k2", "k1"),
      compacts("c1", "k2", "f1"),
    ],
    { refused: "kept-row-missing", line: 7 },
  ],
  [
    "with a broken chain",
    [...opening, compacts("c1", "k2", "k1"), replies("n1", "gone")],
    { refused: "damaged", line: 7 },
  ],
  [
    "with a broken chain between what is kept and the compaction",
    [...opening, compacts("c1", "gone", "k1"), replies("n1", "c1")],
    { refused: "damaged", line: 6 },
  ],
  [
    "in which a row that others hang on cannot be read",
    fileOf(plain).replace('{"type":"message","id":"k2"', '{"type":"message""id":"k2"'),
    { refused: "damaged", line: 6 },
  ],
  [
    "with a row that stands twice",
    [...plain.slice(0, 5), plain[4] as object, ...plain.slice(5)],
    { refused: "damaged", line: 5 },
  ],
  [
    "with a row without a parent",
    [...plain, { ...asks("n3", null), parentId: undefined }, replies("n4", "n3")],
    { refused: "damaged", line: 9 },
  ],
  ["whose last row has no id", [...plain, { type: "message", parentId: "n2" }], { refused: "damaged", line: 9 }],
  [
    "that hangs on itself",
    [...plain.slice(0, 3), asks("k1", "n2"), ...plain.slice(4)],
    { refused: "damaged", line: 4 },
  ],
  [
    "whose rows stand in another order",
    [header, replies("k2", "k1"), asks("k1", null), compacts("c1", "k2", "k1"), replies("n1", "c1")],
    { refused: "straggler", line: 2 },
  ],
])("a transcript %s is not cut", async (_, rows, refusal) => {
  expect(await cut(typeof rows === "string" ? rows : fileOf(rows))).toEqual(refusal);
});

test("a reply within the rows that releases look at is found", async () => {
  const rows = [...opening, compacts("c1", "k2", "c1"), ...manyNotes(496), replies("n2", "x496")];
  expect(await cutLines(rows)).toHaveLength(500);
});

function manyNotes(count: number): object[] {
  return Array.from({ length: count }, (_, index) => notes(`x${index + 1}`, index === 0 ? "c1" : `x${index}`));
}
