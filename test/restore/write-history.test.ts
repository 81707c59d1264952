import fc from "fast-check";
import { expect, test } from "vitest";
import { readHead } from "../../src/restore/head.ts";
import { joinParts } from "../../src/restore/write-history.ts";
import { afterCut, asFile } from "../support/archives.ts";
import { recordOf } from "../support/records.ts";

/** The bytes in pieces of these sizes, then the rest. */
async function* cutUp(content: string, sizes: readonly number[]) {
  let rest = Buffer.from(content);
  for (const size of sizes) {
    yield Buffer.from(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  yield rest;
}

async function joined(
  parts: readonly { content: string; dialect?: "claude-code" | "openclaw" }[],
  sizes: number[] = [],
) {
  const sources = await Promise.all(
    parts.map(async ({ content, dialect = "claude-code" }) => ({
      segment: (await readHead(cutUp(content, sizes), dialect)).segment,
      pieces: () => cutUp(content, sizes),
    })),
  );
  const pieces: Buffer[] = [];
  for await (const piece of joinParts(sources)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString();
}

const row = fc
  .record({
    type: fc.constantFrom("user", "assistant", "segment-header", "custom"),
    text: fc.string({ unit: "grapheme" }),
  })
  .map((value) => JSON.stringify(value));

test("lines cut up into segments anywhere, with any lines carried along, come out again as they were", async () => {
  const segment = fc.record({ own: fc.array(row, { maxLength: 5 }), carry: fc.nat({ max: 4 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("claude-code" as const, "openclaw" as const),
      row,
      fc.array(segment, { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 12 }),
      async (dialect, first, segments, sizes) => {
        const lines: string[] = [first];
        const parts = segments.map(({ own, carry }, index) => {
          if (index === 0) {
            lines.push(...own);
            return { dialect, content: asFile([first, ...own]) };
          }
          const carried = carry === 0 ? [] : lines.slice(-carry);
          lines.push(...own);
          return { dialect, content: asFile(afterCut(dialect, recordOf({ segment: index }), { first, carried, own })) };
        });
        expect(await joined(parts, sizes)).toBe(asFile(lines));
      },
    ),
  );
});

test("a part that ends within a line gets a newline before the next one, the last part does not", async () => {
  const second = afterCut("claude-code", recordOf({}), { first: "", carried: ["{}"], own: ['{"b":1}'] }).join("\n");
  expect(await joined([{ content: '{"a":1}' }, { content: second }])).toBe('{"a":1}\n{"b":1}');
  expect(await joined([{ content: '{"a":1}' }, { content: "" }])).toBe('{"a":1}');
});

test("the blank line that shortening in place leaves is no line of the session; others are", async () => {
  const padded = `${" ".repeat(700)}\n{"b":1}\n\n{"c":1}\n`;
  expect(await joined([{ content: '{"a":1}\n' }, { content: padded }], [300, 300])).toBe(
    '{"a":1}\n{"b":1}\n\n{"c":1}\n',
  );
  const [header = "", carried = "", own = ""] = afterCut("claude-code", recordOf({}), {
    first: "",
    carried: ['{"a":1}'],
    own: ['{"b":1}'],
  });
  expect(await joined([{ content: '{"a":1}\n' }, { content: asFile([header, carried, "   ", own]) }])).toBe(
    '{"a":1}\n{"b":1}\n',
  );
});

test("a row of one's own may begin with blanks, wherever a piece ends", async () => {
  expect(await joined([{ content: "{}\n" }, { content: '   {"b":1}\n' }], [1, 1])).toBe('{}\n   {"b":1}\n');
});

test("OpenClaw's first row is kept where the header row says that nothing is repeated", async () => {
  const [first, header = "", own] = afterCut("openclaw", recordOf({}), {
    first: '{"type":"session"}',
    carried: [],
    own: ["{}"],
  });
  const content = asFile([first ?? "", header.replace('"carriedLines":1', '"carriedLines":0'), own ?? ""]);
  const parts = [{ content: "{}\n" }, { content, dialect: "openclaw" as const }];
  expect(await joined(parts)).toBe('{}\n{"type":"session"}\n{}\n');
});

test("the root is written whole, even where its own parent is gone", async () => {
  const content = asFile(afterCut("claude-code", recordOf({}), { first: "", carried: ['{"a":1}'], own: ['{"b":1}'] }));
  expect(await joined([{ content }])).toBe(content);
});
