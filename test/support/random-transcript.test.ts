import { assert, constantFrom, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { isBoundary, links, type RandomTranscript, randomTranscript, type TranscriptRow } from "./random-transcript.ts";
import { type DamagedTranscript, injectFaults } from "./random-transcript-faults.ts";

type Dialect = RandomTranscript["dialect"];
type Block = Record<string, string>;

const dialects = ["claude-code", "openclaw"] as const;
const seed = integer({ min: 0, max: 2 ** 31 });
const seeds = Array.from({ length: 100 }, (_, index) => index);

const parse = (lines: readonly string[]) => lines.map((line) => JSON.parse(line) as TranscriptRow);
const linesIn = (bytes: Buffer) => bytes.toString().replace(/\n$/, "").split("\n");
const messageOf = (row: TranscriptRow) => (row.message ?? {}) as Record<string, string>;
const blocksOf = (row: TranscriptRow) => [messageOf(row).content ?? []].flat() as unknown as Block[];

/** Names what contradicts the formats: parents that are not there yet, calls and results that don't pair in their branch. */
function contradictionsIn(rows: readonly TranscriptRow[], dialect: Dialect): string[] {
  const { id: idName, parent: parentName } = links[dialect];
  const tree = rows.filter((row) => row[idName] !== undefined && row.type !== "session");
  const before = new Map<unknown, TranscriptRow>();
  const contradictions: string[] = [];
  for (const row of tree) {
    if (before.has(row[idName])) contradictions.push(`${row[idName]} stands twice`);
    if (row[parentName] !== null && !before.has(row[parentName])) contradictions.push(`${row[idName]} has no parent`);
    if (before.get(row[parentName])?.isSidechain !== row.isSidechain && row[parentName] !== null)
      contradictions.push(`${row[idName]} leaves its line`);
    before.set(row[idName], row);
  }
  /** the row and those on which it hangs, from it upwards */
  const wayUp = (row: TranscriptRow) => {
    const way = [];
    for (let at: TranscriptRow | undefined = row; at; at = before.get(at[parentName])) way.push(at);
    return way;
  };
  const calls = tree.flatMap((row) =>
    /^(?:error|aborted)$/.test(messageOf(row).stopReason ?? "")
      ? []
      : blocksOf(row)
          .filter(({ type }) => /^(?:tool_use|server_tool_use|toolCall)$/.test(type ?? ""))
          .map(({ id, type }) => ({ id, row, isServer: type === "server_tool_use" })),
  );
  const results = tree.flatMap((row) =>
    [...blocksOf(row).map(({ tool_use_id }) => tool_use_id), messageOf(row).toolCallId].flatMap((id) =>
      id === undefined ? [] : [{ id, row }],
    ),
  );
  if (new Set(calls.map(({ id }) => id)).size < calls.length) contradictions.push("a call's id stands twice");
  for (const { id, row, isServer } of calls) {
    const answers = results.filter((result) => result.id === id);
    const [answer] = answers;
    if (!answer || answers.length > 1) contradictions.push(`${id} has ${answers.length} results`);
    else if (isServer && messageOf(answer.row).id !== messageOf(row).id)
      contradictions.push(`${id} is answered elsewhere`);
    else if (!wayUp(answer.row).includes(row)) contradictions.push(`${id} is answered in another branch`);
    else if (dialect === "openclaw" && wayUp(answer.row).find((one) => messageOf(one).role === "assistant") !== row)
      contradictions.push(`${id} is answered in another turn`);
  }
  for (const { id } of results)
    if (!calls.some((call) => call.id === id)) contradictions.push(`${id} is the result of no call`);
  return contradictions;
}

test("the same seed gives the same transcript and the same damage, another seed others", () => {
  for (const dialect of dialects) {
    const [one, again, other] = [5, 5, 6].map((number) => randomTranscript(dialect, number)) as [
      RandomTranscript,
      RandomTranscript,
      RandomTranscript,
    ];
    expect(again.bytes.equals(one.bytes)).toBe(true);
    expect(other.bytes.equals(one.bytes)).toBe(false);
    const [damaged, damagedAgain, damagedOtherwise] = [7, 7, 8].map((number) => injectFaults(one, 3, number).bytes);
    expect(damagedAgain?.equals(damaged ?? Buffer.of())).toBe(true);
    expect(damagedOtherwise?.equals(damaged ?? Buffer.of())).toBe(false);
  }
});

test("a transcript has some 20 to 200 rows, each a line of JSON, and they hang together", () => {
  assert(
    property(constantFrom(...dialects), seed, (dialect, number) => {
      const { rows, lines, bytes, endsInNewline } = randomTranscript(dialect, number);
      expect(rows.length).toBeGreaterThanOrEqual(20);
      expect(rows.length).toBeLessThan(260);
      expect(bytes.toString()).toBe(lines.join("\n") + (endsInNewline ? "\n" : ""));
      expect(lines.every((line) => !line.includes("\n"))).toBe(true);
      expect(parse(lines)).toEqual(rows);
      expect(contradictionsIn(rows, dialect)).toEqual([]);
    }),
  );
});

test("what a compaction keeps stands before it, and its segment is walked from the tail to the head", () => {
  for (const number of seeds) {
    const { rows } = randomTranscript("claude-code", number);
    const byId = new Map(rows.map((row) => [row.uuid, row]));
    for (const [at, row] of rows.entries()) {
      const kept = (row.compactMetadata ?? {}) as Record<string, Record<string, string | string[]>>;
      const { preservedSegment: segment, preservedMessages: list } = kept;
      for (const uuid of list?.uuids ?? []) expect(rows.findIndex((one) => one.uuid === uuid)).toBeLessThan(at);
      const walked: unknown[] = [];
      for (
        let uuid: unknown = segment?.tailUuid;
        uuid;
        uuid = uuid === segment?.headUuid ? undefined : byId.get(uuid)?.parentUuid
      )
        walked.unshift(uuid);
      if (segment) expect(walked[0]).toBe(segment.headUuid);
      if (segment && list) expect(walked).toEqual(list.uuids);
    }
  }
  for (const number of seeds) {
    const { rows } = randomTranscript("openclaw", number);
    for (const [at, row] of rows.entries()) {
      if (row.type !== "compaction") continue;
      const kept = rows.findIndex(({ id }) => id === row.firstKeptEntryId);
      expect(kept).toBeGreaterThan(0);
      expect(kept).toBeLessThan(at);
    }
  }
});

test("among some seeds there is all that real transcripts have", () => {
  const claudeCode = seeds.map((number) => randomTranscript("claude-code", number));
  const openClaw = seeds.map((number) => randomTranscript("openclaw", number));
  const has = (transcripts: RandomTranscript[], what: (row: TranscriptRow, rows: TranscriptRow[]) => unknown) =>
    transcripts.filter(({ rows }) => rows.some((row) => what(row, rows))).length;
  const counts = {
    sidechains: has(claudeCode, ({ isSidechain }) => isSidechain === true),
    progress: has(claudeCode, ({ type }) => type === "progress"),
    attachments: has(claudeCode, ({ type }) => type === "attachment"),
    checkpoints: has(claudeCode, ({ type }) => type === "last-prompt"),
    segments: has(claudeCode, ({ compactMetadata }) => Object.hasOwn(compactMetadata ?? {}, "preservedSegment")),
    lists: has(claudeCode, ({ compactMetadata }) => Object.hasOwn(compactMetadata ?? {}, "preservedMessages")),
    plainCompactions: has(
      claudeCode,
      ({ compactMetadata }) => compactMetadata && Object.keys(compactMetadata).length === 2,
    ),
    threeCompactions: has(claudeCode, (_, rows) => rows.filter(isBoundary).length === 3),
    serverTools: has(claudeCode, (row) => blocksOf(row).some(({ type }) => type === "server_tool_use")),
    failedTurns: has(claudeCode, ({ isApiErrorMessage }) => isApiErrorMessage),
    severalCallsInARow: has(claudeCode, (row) => blocksOf(row).filter(({ type }) => type === "tool_use").length > 1),
    sideBranches: has(
      claudeCode,
      (row, rows) =>
        rows.filter(({ parentUuid, type }) => parentUuid === row.uuid && type === "user").length > 0 &&
        rows.some(({ parentUuid, type }) => parentUuid === row.uuid && type === "assistant"),
    ),
    claudeCodeForks: has(
      claudeCode,
      (row, rows) =>
        row.uuid &&
        rows.filter(
          ({ parentUuid, promptId, permissionMode }) =>
            parentUuid === row.uuid && promptId === undefined && permissionMode,
        ).length > 1,
    ),
    openClawForks: has(
      openClaw,
      (row, rows) => row.type !== "session" && rows.filter(({ parentId }) => parentId === row.id).length > 1,
    ),
    branchSummaries: has(openClaw, ({ type }) => type === "branch_summary"),
    compactions: has(openClaw, isBoundary),
    brokenOffTurns: has(openClaw, (row) => messageOf(row).stopReason === "aborted"),
    mirrors: has(openClaw, (row) => messageOf(row).model === "delivery-mirror"),
    severalCalls: has(openClaw, (row) => blocksOf(row).filter(({ type }) => type === "toolCall").length > 1),
  };
  for (const [what, count] of Object.entries(counts)) expect(count, what).toBeGreaterThan(2);
  expect(has(claudeCode, isBoundary)).toBeLessThan(seeds.length);
});

test("the turns that are told lead to the last row, without a gap", () => {
  for (const dialect of dialects) {
    const { id, parent } = links[dialect];
    for (const number of seeds) {
      const { rows, turns } = randomTranscript(dialect, number);
      const path = turns.flat();
      const last = rows.findLastIndex((row) => row[id] !== undefined && row.isSidechain !== true);
      if (path.length > 0) expect(path.at(-1)).toBe(last);
      const parents = path.map((index) => rows[index]?.[parent]).slice(1);
      expect(parents).toEqual(path.map((index) => rows[index]?.[id]).slice(0, -1));
      for (const [first] of turns) expect(messageOf(rows[first ?? -1] ?? {}).role).toBe("user");
    }
  }
});

/** What one finding must find in its line. */
const marks: Record<string, RegExp> = {
  "nul-run": /\0/,
  "lone-surrogate": /\\ud83d|\\udc4d/,
};

function isObject(line: string | undefined): boolean {
  try {
    const value: unknown = JSON.parse(line ?? "");
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

const UNREADABLE = /^(?:glued-line|nul-run|torn-tail)$/;

/** Names what is not as the damage says that it is. */
function mistakesIn(dialect: Dialect, damaged: DamagedTranscript): string[] {
  const lines = linesIn(damaged.bytes);
  const text = damaged.bytes.toString();
  const mistakes = contradictionsIn(parse(linesIn(damaged.repaired)), dialect);
  const told = new Set<number>();
  for (const { kind, line, ids } of damaged.findings) {
    const found = lines[line - 1] ?? "";
    const mark = marks[kind] ?? /^/;
    if (!mark.test(found) || !ids.every((id) => found.includes(id))) mistakes.push(`no ${kind} in line ${line}`);
    if (UNREADABLE.test(kind) || kind === "broken-line") told.add(line);
    if (kind !== "broken-line" && kind !== "missing-header" && isObject(found) === UNREADABLE.test(kind))
      mistakes.push(`line ${line} is no ${kind}`);
  }
  lines.forEach((line, at) => {
    if (!told.has(at + 1) && !isObject(line)) mistakes.push(`line ${at + 1} is unreadable and not told`);
  });
  const left = new Set(linesIn(damaged.repaired));
  for (const line of [...damaged.untouched, ...damaged.changed.map(({ after }) => after)])
    if (!left.has(line)) mistakes.push(`a repair takes out ${line}`);
  for (const line of [...damaged.untouched, ...damaged.changed.map(({ before }) => before)])
    if (!text.includes(line)) mistakes.push(`there is no line ${line}`);
  return mistakes;
}

test("each fault is where its finding says, and what a repair has to leave is healthy", () => {
  assert(
    property(
      constantFrom(...dialects),
      seed,
      integer({ min: 0, max: 6 }),
      seed,
      (dialect, number, count, faultSeed) => {
        const transcript = randomTranscript(dialect, number);
        const damaged = injectFaults(transcript, count, faultSeed);
        expect(mistakesIn(dialect, damaged)).toEqual([]);
        expect(damaged.faults.length).toBeLessThanOrEqual(count);
        expect(damaged.findings.length).toBeGreaterThanOrEqual(damaged.faults.length);
        expect(damaged.bytes.equals(damaged.repaired)).toBe(damaged.faults.length === 0);
      },
    ),
    { numRuns: 150 },
  );
});

test("without faults nothing is changed", () => {
  for (const dialect of dialects) {
    const transcript = randomTranscript(dialect, 3);
    const { bytes, repaired, findings, changed } = injectFaults(transcript, 0, 1);
    expect(bytes.equals(transcript.bytes) && repaired.equals(transcript.bytes)).toBe(true);
    expect([findings, changed]).toEqual([[], []]);
  }
});

test("most transcripts have room for three faults, and every kind of fault comes up", () => {
  for (const [dialect, kinds] of [
    ["claude-code", 22],
    ["openclaw", 21],
  ] as const) {
    const damaged = seeds.map((number) => injectFaults(randomTranscript(dialect, number), 3, number));
    expect(damaged.filter(({ faults }) => faults.length === 3).length).toBeGreaterThan(seeds.length / 2);
    const names = damaged.flatMap(({ faults }) => faults.map((name) => name.replace(/ in line .*/, "")));
    expect(new Set(names).size, [...new Set(names)].join("\n")).toBe(kinds);
  }
});
