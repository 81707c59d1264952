import { assert, asyncProperty, integer } from "fast-check";
import { describe, expect, test } from "vitest";
import { cutText, linesOf } from "../support/cut.ts";
import { isBoundary, randomTranscript, type TranscriptRow } from "../support/random-transcript.ts";

type Row = TranscriptRow & { uuid?: string; parentUuid?: string | null; type?: string };
type Kept = {
  preservedMessages?: { uuids: string[] };
  preservedSegment?: { headUuid: string; tailUuid: string };
};

const parse = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as Row);
const text = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

/** The rows of the conversation that a resume has to do with: what the last compaction keeps, and all behind it. */
function living(rows: readonly Row[]): string[] {
  const at = rows.findLastIndex((row) => isBoundary(row));
  const { preservedMessages, preservedSegment } = (rows[at]?.compactMetadata ?? {}) as Kept;
  const kept = new Set(preservedMessages?.uuids);
  const byId = new Map(rows.map((row) => [row.uuid, row]));
  for (let id: string | null | undefined = preservedSegment?.tailUuid; id; id = byId.get(id)?.parentUuid) {
    kept.add(id);
    if (id === preservedSegment?.headUuid) break;
  }
  return rows
    .filter(({ uuid }, index) => uuid !== undefined && (index >= at || kept.has(uuid)))
    .map(({ uuid }) => String(uuid));
}

/** The last row of each type that counts once. */
function lastOnes(rows: readonly Row[]): Map<string, string> {
  const types = ["custom-title", "ai-title", "mode", "summary", "queue-operation"];
  return new Map(
    rows
      .filter(({ type }) => types.includes(type ?? ""))
      .map((row) => [`${row.type} ${row.leafUuid}`, JSON.stringify(row)]),
  );
}

const everyOne = (rows: readonly Row[]) =>
  rows
    .filter(({ type }) => type === "content-replacement" || type === "a-type-of-next-month")
    .map((row) => JSON.stringify(row));

test("a cut keeps what a resume needs and nothing else, byte for byte and in order", async () => {
  const seen = { cuts: 0, carrying: 0 };
  await assert(
    asyncProperty(integer({ min: 0, max: 2 ** 31 }), async (seed) => {
      const { bytes, lines, endsInNewline } = randomTranscript("claude-code", seed);
      const { cut, lines: left } = await cutText("claude-code", bytes);
      const before = parse(lines);
      if ("refused" in cut) {
        const hasBoundary = before.some((row) => isBoundary(row));
        const expected = hasBoundary
          ? endsInNewline
            ? /^(no-reply|checkpoint)$/
            : /^unfinished-line$/
          : /^no-boundary$/;
        expect(cut.refused).toMatch(expected);
        return;
      }
      seen.cuts += 1;
      if (cut.carried.length > 0) seen.carrying += 1;
      const after = parse(left);
      expect(living(after)).toEqual(living(before));
      expect(lastOnes(after)).toEqual(lastOnes(before));
      expect(everyOne(after)).toEqual(everyOne(before));
      let from = 0;
      for (const line of left) from = lines.indexOf(line, from) + 1 || Number.NaN;
      expect(from).toBe(lines.length);
      expect(cut.bytesAfter).toBe(Buffer.byteLength(`${left.join("\n")}\n`));
      expect((await cutText("claude-code", `${left.join("\n")}\n`)).lines).toEqual(left);
    }),
    { numRuns: 300 },
  );
  expect(seen.cuts).toBeGreaterThan(80);
  expect(seen.carrying).toBeGreaterThan(40);
});

const id = (name: string) => `00000000-0000-4000-8000-${name.padStart(12, "0")}`;
const row = (name: string, parent: string | null, type = "user", more: object = {}): Row => ({
  parentUuid: parent === null ? null : id(parent),
  isSidechain: false,
  sessionId: "s",
  type,
  message: { role: type, content: type === "assistant" ? [{ type: "text", text: name }] : name },
  uuid: id(name),
  ...more,
});
const boundary = (name: string, kept: Kept = {}): Row =>
  row(name, null, "system", {
    subtype: "compact_boundary",
    compactMetadata: { trigger: "auto", preTokens: 1, ...kept },
  });
const talk = (name: string, parent: string | null): Row[] => [
  row(`${name}1`, parent),
  row(`${name}2`, `${name}1`, "assistant"),
];
const one = [
  ...talk("a", null),
  boundary("b1"),
  row("c1", "b1", "user", { isCompactSummary: true }),
  ...talk("d", "c1"),
];
const two = [...one, boundary("b2"), row("e1", "b2", "user", { isCompactSummary: true }), ...talk("f", "e1")];
const idsOf = (lines: readonly string[]) => parse(lines).map(({ uuid }) => String(uuid).slice(-2));

describe("a cut", () => {
  test.for<{ what: string; rows: Row[]; left: string[] }>([
    { what: "is made at the last compaction", rows: two, left: ["b2", "e1", "f1", "f2"] },
    {
      what: "is made at the one before, where a row behind the last one hangs on one before it",
      rows: [...two, row("g1", "d2")],
      left: ["b1", "c1", "d1", "d2", "b2", "e1", "f1", "f2", "g1"],
    },
    {
      what: "is made at the one before, where a resume starts from a row before the last one",
      rows: [...two, { type: "last-prompt", leafUuid: id("d2"), sessionId: "s" }],
      left: ["b1", "c1", "d1", "d2", "b2", "e1", "f1", "f2", "ed"],
    },
    {
      what: "leaves sidechains behind, and those that hang on what is gone are no reason against it",
      rows: [...two, row("g1", "d2", "user", { isSidechain: true })],
      left: ["b2", "e1", "f1", "f2", "g1"],
    },
    {
      what: "does not mind a parent that is nowhere",
      rows: [...two, row("g1", "nowhere")],
      left: ["b2", "e1", "f1", "f2", "g1"],
    },
    {
      what: "takes what both of its lists keep along",
      rows: [
        ...one,
        boundary("b2", {
          preservedMessages: { uuids: [id("d1")] },
          preservedSegment: { headUuid: id("d2"), tailUuid: id("d2") },
        }),
        ...talk("f", "b2"),
      ],
      left: ["d1", "d2", "b2", "f1", "f2"],
    },
    {
      what: "takes along what a compaction keeps that an earlier one had kept",
      rows: [
        ...talk("a", null),
        boundary("b1", { preservedMessages: { uuids: [id("a2")] } }),
        ...talk("d", "b1"),
        boundary("b2", { preservedMessages: { uuids: [id("a2")] } }),
        ...talk("f", "b2"),
      ],
      left: ["a2", "b2", "f1", "f2"],
    },
  ])("$what", async ({ rows, left }) => {
    expect(idsOf((await cutText("claude-code", text(rows))).lines)).toEqual(left);
  });

  test.for<{ what: string; rows: Row[]; end?: string; refused: string; line?: number }>([
    { what: "without a compaction", rows: talk("a", null), refused: "no-boundary" },
    {
      what: "at the only compaction, when a row hangs on one before it",
      rows: [...one, row("g1", "a2")],
      refused: "straggler",
      line: 7,
    },
    {
      what: "when a resume starts from a row before it",
      rows: [...one, { type: "last-prompt", leafUuid: id("a2"), sessionId: "s" }],
      refused: "checkpoint",
      line: 7,
    },
    {
      what: "when a row that it keeps is not there",
      rows: [...talk("a", null), boundary("b1", { preservedMessages: { uuids: [id("a9")] } }), ...talk("d", "b1")],
      refused: "kept-row-missing",
      line: 3,
    },
    {
      what: "when the way through what it keeps breaks off",
      rows: [
        ...talk("a", null),
        boundary("b1", { preservedSegment: { headUuid: id("a0"), tailUuid: id("a2") } }),
        ...talk("d", "b1"),
      ],
      refused: "kept-row-missing",
      line: 3,
    },
    { what: "while the last line is being written", rows: one, end: '{"parentUuid":', refused: "unfinished-line" },
    { what: "before the model has answered", rows: one.slice(0, -1), refused: "no-reply", line: 3 },
  ])("is not made $what", async ({ rows, end = "", refused, line }) => {
    const { cut } = await cutText("claude-code", text(rows) + end);
    expect(cut).toEqual({ refused, ...(line ? { line } : {}) });
  });

  test("takes along what is known of the session, and leaves behind what a compaction ends", async () => {
    const meta = (type: string, more: object = {}) => ({ type, sessionId: "s", ...more }) as Row;
    const snapshot = (of: string, more: object = {}) =>
      ({ type: "file-history-snapshot", messageId: id(of), ...more }) as Row;
    const kept = [
      meta("content-replacement", { replacements: [1] }),
      meta("memory-mode", { mode: 1 }),
      meta("of-next-month", { a: 1 }),
      meta("custom-title", { customTitle: "new" }),
      meta("custom-title", { sessionId: "another" }),
      meta("summary", { leafUuid: "x", summary: "1" }),
      meta("summary", { leafUuid: "y", summary: "2" }),
      snapshot("a2", { n: 2 }),
      { ...snapshot("a2"), type: "file-history-delta" },
      meta("content-replacement", { replacements: [2] }),
    ];
    const dropped = [
      meta("custom-title", { customTitle: "old" }),
      snapshot("a1"),
      snapshot("a2", { n: 1 }),
      meta("last-prompt", { leafUuid: id("a2") }),
      meta("api-request", { hash: "h" }),
      meta("marble-origami-commit"),
      meta("segment-header", { parentFile: "f" }),
      meta("attribution-snapshot"),
    ];
    const plain = [
      ...talk("a", null),
      boundary("b1", { preservedMessages: { uuids: [id("a2")] } }),
      ...talk("d", "b1"),
    ];
    const [first, second, ...rest] = plain as [Row, Row, ...Row[]];
    const { lines } = await cutText(
      "claude-code",
      `${text([first, ...dropped.slice(0, -1), second])}not JSON\n${text([...kept, ...rest])}`,
    );
    expect(parse(lines)).toEqual([second, ...kept, ...rest]);
    const again = await cutText("claude-code", text([...dropped, ...one]));
    expect(idsOf(again.lines).slice(1)).toEqual(["b1", "c1", "d1", "d2"]);
    expect(parse(again.lines)[0]).toEqual(dropped[0]);
  });

  test("that OpenClaw would not find a reply behind is made only where none of its registries leads to the session", async () => {
    const many = Array.from(
      { length: 600 },
      (_, index) => ({ type: "content-replacement", replacements: [index] }) as Row,
    );
    const [first, ...rest] = one as [Row, ...Row[]];
    const rows = text([first, ...many, ...rest]);
    expect((await cutText("claude-code", rows)).cut).toEqual({ refused: "too-much-carried", line: 603 });
    expect((await cutText("claude-code", rows, false)).lines).toHaveLength(604);
    const unanswered = text(one.slice(0, -1));
    expect((await cutText("claude-code", unanswered, false)).lines).toHaveLength(3);
  });

  test("keeps the last attribution as long as compactions keep rows", async () => {
    const attribution = { type: "attribution-snapshot", sessionId: "s" };
    const keeping = boundary("b1", { preservedMessages: { uuids: [id("a2")] } });
    const { lines } = await cutText(
      "claude-code",
      text([...talk("a", null), attribution, keeping, ...talk("d", "b1")]),
    );
    expect(parse(lines)).toContainEqual(attribution);
  });

  test("keeps bytes that are not valid UTF-8 as they are", async () => {
    const bytes = Buffer.concat([Buffer.from(text(one)), Buffer.from([0x7b, 0xff, 0x7d, 0x0a])]);
    const { cut } = await cutText("claude-code", bytes);
    expect(cut).toMatchObject({ bytesAfter: Buffer.byteLength(text(one.slice(2))) + 4 });
    expect(linesOf("")).toEqual([""]);
  });
});
