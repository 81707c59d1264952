import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Piece } from "../../src/structure/cut.ts";
import { shortenedPieces } from "../../src/structure/shortened.ts";

const folder = mkdtempSync(join(tmpdir(), "shortened-"));
const path = join(folder, "t.jsonl");
afterAll(() => rmSync(folder, { recursive: true }));

const ROWS = ['{"type":"custom-title"}\n', '{"gone":1}\n', '{"kept":2}\n'] as const;
const [TITLE, , KEPT] = ROWS;
const HEADER = '{"type":"segment-header"}';

/** What is left of a file of three rows behind its mark, if it has one, when the second goes. */
async function shortened(mark: string, carried: (titleTo: number) => Piece[], first?: string): Promise<string> {
  writeFileSync(path, mark + ROWS.join(""));
  const file = await open(path);
  try {
    const titleTo = Buffer.byteLength(mark + TITLE);
    const keptFrom = titleTo + ROWS[1].length;
    const to = keptFrom + KEPT.length;
    const cut = {
      ...{ boundary: { line: 3, at: keptFrom }, archivedTo: keptFrom, keptFrom, bytesAfter: 0 },
      ...{ carried: carried(titleTo), carriedLines: 1 },
    };
    const pieces: Buffer[] = [];
    for await (const piece of shortenedPieces(file, to, cut, first === undefined ? undefined : Buffer.from(first)))
      pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces).toString();
  } finally {
    await file.close();
  }
}

const wholeTitle = (to: number) => [{ from: 0, to }];

test("a row of ours comes first, then what is carried and what is kept, byte for byte", async () => {
  expect(await shortened("", wholeTitle, HEADER)).toBe(`${HEADER}\n${TITLE}${KEPT}`);
  expect(await shortened("", () => [{ line: Buffer.from("{}") }], HEADER)).toBe(`${HEADER}\n{}\n${KEPT}`);
});

test("a mark of the byte order stands at the very start or nowhere", async () => {
  expect(await shortened("\ufeff", wholeTitle, HEADER)).toBe(`${HEADER}\n${TITLE}${KEPT}`);
  expect(await shortened("\ufeff", wholeTitle)).toBe(`\ufeff${TITLE}${KEPT}`);
});
