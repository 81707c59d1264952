import fc from "fast-check";
import { expect, test } from "vitest";
import { type FoundLine, lastDateIn, scanLines } from "../../src/gateway-log/scan-lines.ts";

const date = (second: number) => `2026-02-08T16:53:${String(second).padStart(2, "0")}Z`;
const at = (second: number) => Date.parse(date(second));

function scan(
  text: Buffer,
  options: { needles: string[]; chunkBytes: number; isComplete?: boolean; at?: number; offset?: number },
) {
  const found: FoundLine[] = [];
  const from = { offset: options.offset ?? 0, at: options.at };
  const scanner = scanLines(options.needles, from, (line) => found.push(line));
  for (let start = 0; start < text.length; start += options.chunkBytes)
    scanner.push(text.subarray(start, start + options.chunkBytes));
  return { found, end: scanner.end(options.isComplete ?? false) };
}

/** The same, written as plainly as can be. */
function plainly(text: string, needles: string[]) {
  const found: FoundLine[] = [];
  let offset = 0;
  let last: number | undefined;
  for (const line of text.split("\n").slice(0, -1)) {
    const match = /^2026-02-08T16:53:(\d\d)Z/.exec(line);
    if (match) last = at(Number(match[1]));
    if (needles.length === 0 || needles.some((needle) => line.includes(needle)))
      found.push({ line, lineStart: offset, at: last });
    offset += Buffer.byteLength(line) + 1;
  }
  return { found, offset };
}

test("lines with a needle are found with their place and date, whatever the pieces they come in", () => {
  const line = fc.tuple(
    fc.constantFrom("", ...[1, 2, 3, 40].map((second) => `${date(second)} `)),
    fc.constantFrom("", "needle", "a needle and another", "née", "x".repeat(300), "need", "édle"),
  );
  fc.assert(
    fc.property(
      fc.array(line.map((parts) => parts.join(""))),
      fc.boolean(),
      fc.constantFrom<string[]>([], ["needle"], ["needle", "another"], ["née", "absent"]),
      fc.integer({ min: 1, max: 700 }),
      (lines, endsInNewline, needles, chunkBytes) => {
        const text = lines.join("\n") + (endsInNewline ? "\n" : "");
        const expected = plainly(text, needles);
        const { found, end } = scan(Buffer.from(text), { needles, chunkBytes });
        expect(found).toEqual(expected.found);
        expect(end.offset).toBe(expected.offset);
      },
    ),
  );
});

test("a last line without its newline is taken only when the file is complete", () => {
  const text = Buffer.from(`${date(1)} whole needle\n${date(2)} torn needle`);
  const open = scan(text, { needles: ["needle"], chunkBytes: 10 });
  expect(open.found.map(({ line }) => line)).toEqual([`${date(1)} whole needle`]);
  expect(open.end).toEqual({ offset: 34, lastAt: at(1) });
  const complete = scan(text, { needles: ["needle"], chunkBytes: 10, isComplete: true });
  expect(complete.found).toHaveLength(2);
  expect(complete.end).toEqual({ offset: text.length, lastAt: at(2) });
});

test("of a last line without its newline it is known that all before it counts as read", () => {
  const text = Buffer.from(`${date(3)} torn`);
  expect(scan(text, { needles: ["needle"], chunkBytes: 99 }).end).toEqual({ offset: 0, lastAt: at(3) - 1 });
});

test("an undated line before any date has the date that the scan began with", () => {
  const text = Buffer.from(`needle\n${date(1)} x\nneedle\n`);
  expect(scan(text, { needles: ["needle"], chunkBytes: 99 }).found.map((line) => line.at)).toEqual([undefined, at(1)]);
  expect(scan(text, { needles: ["needle"], chunkBytes: 99, at: 5 }).found.map((line) => line.at)).toEqual([5, at(1)]);
});

test("a line beyond 1 MiB is judged by its beginning, delivered once it is whole, and the next line is found", () => {
  const long = `${date(1)} needle ${"x".repeat(3 * 1024 * 1024)} late`;
  const text = Buffer.from(`first\n${long}\n${date(2)} late\n`);
  for (const chunkBytes of [256 * 1024, 1_000_003]) {
    const { found, end } = scan(text, { needles: ["needle", "late"], chunkBytes });
    expect(found.map(({ lineStart, at: when }) => [lineStart, when])).toEqual([
      [6, at(1)],
      [7 + long.length, at(2)],
    ]);
    expect(found[0]?.line.length).toBe(1024 * 1024);
    expect(end.offset).toBe(text.length);
    const torn = scan(text.subarray(0, 2_000_000), { needles: ["needle"], chunkBytes });
    expect(torn.found).toEqual([]);
    expect(torn.end.offset).toBe(6);
  }
});

test("NUL bytes before a line, as a truncation under a writer without O_APPEND leaves them, hide nothing", () => {
  const text = Buffer.concat([Buffer.alloc(3_000_000), Buffer.from(`${date(3)} needle\nx\n`)]);
  const { found, end } = scan(text, { needles: ["needle"], chunkBytes: 256 * 1024 });
  expect(found).toEqual([{ line: `${date(3)} needle`, lineStart: 3_000_000, at: at(3) }]);
  expect(end.offset).toBe(text.length);
});

test("the last date of some lines is found past undated ones", () => {
  const lines = Buffer.from(`${date(1)} a\n${date(2)} b\n\nundated\n`);
  expect(lastDateIn(lines, 0, lines.length)).toBe(at(2));
  expect(lastDateIn(lines, 0, 1)).toBeUndefined();
  expect(lastDateIn(lines, lines.length - 8, lines.length)).toBeUndefined();
});
