import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CatalogRecord } from "../../src/archive/catalog.ts";
import { readArchives } from "../../src/restore/archives.ts";
import { type Copy, copyOfArchive, copyOfHistory } from "../../src/restore/copy.ts";
import { addArchive, afterCut, asFile } from "../support/archives.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-copy-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const never = new AbortController().signal;

async function textOf({ pieces }: Copy): Promise<string> {
  const read: Buffer[] = [];
  for await (const piece of pieces()) read.push(Buffer.from(piece));
  return Buffer.concat(read).toString();
}

async function wholeHistory(sessionId: string): Promise<string> {
  const archives = readArchives(folder).filter(({ record }) => record.sessionId === sessionId);
  const newest = archives.at(-1);
  if (!newest) throw new Error("there is none");
  return textOf(await copyOfHistory(newest, archives, never));
}

const row = fc
  .record({ uuid: fc.uuid(), text: fc.string({ unit: "grapheme", maxLength: 40 }) })
  .map((value) => JSON.stringify(value));

test("a session that was cut, emptied, repaired and archived twice over, in any order, comes out again line by line", async () => {
  const event = fc.record({
    how: fc.constantFrom("cut" as const, "empty" as const),
    own: fc.array(row, { minLength: 1, maxLength: 4 }),
    carry: fc.nat({ max: 3 }),
    isRepaired: fc.boolean(),
    isArchivedTwice: fc.boolean(),
  });
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("claude-code" as const, "openclaw" as const),
      fc.array(event, { minLength: 1, maxLength: 5 }),
      async (dialect, events) => {
        number += 1;
        const sessionId = `s${number}`;
        const of = { dialect, sessionId, source: `/${sessionId}.jsonl` };
        const history: string[] = [];
        let live: string[] = [];
        let segment = 0;
        let parent: CatalogRecord | undefined;
        const put = (content: string[], more: Partial<CatalogRecord>) => {
          segment += 1;
          return addArchive(folder, asFile(content), { ...of, segment, ...more });
        };
        for (const { how, own, carry, isRepaired, isArchivedTwice } of events) {
          live.push(...own);
          history.push(...own);
          if (isRepaired) put(["broken", ...live], { reason: "repair", purpose: "repair" });
          if (isArchivedTwice) put(live.slice(0, -1).length > 0 ? live.slice(0, -1) : live, { purpose: how });
          parent = put(live, { purpose: how });
          const carried = carry === 0 ? [] : live.slice(-carry);
          live = how === "cut" ? afterCut(dialect, parent, { first: live[0] ?? "", carried, own: [] }) : [];
        }
        expect(await wholeHistory(sessionId)).toBe(asFile(history));
      },
    ),
    { numRuns: 60 },
  );
});

test("what one archive holds is given as it is, its header row included", async () => {
  const of = { sessionId: "s1", source: "/s1.jsonl" };
  const root = addArchive(folder, "a\n", of);
  const cut = asFile(afterCut("claude-code", root, { first: "", carried: ["a"], own: ["b"] }));
  addArchive(folder, cut, { ...of, segment: 2 });
  const [, second] = readArchives(folder);
  if (!second) throw new Error("there are two");
  expect(await textOf(copyOfArchive(second, never))).toBe(cut);
});
