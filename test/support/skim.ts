import { claudeCode } from "../../src/dialects/claude-code.ts";
import { openclaw } from "../../src/dialects/openclaw.ts";
import { createSkimmer, type SkimmedLine } from "../../src/skimmer/skimmer.ts";
import { hasLoneSurrogate, keptAt, reduceRow } from "./reduce-row.ts";

/** What both programs' structure needs, and more that lies deeper. */
export const skimmedPaths = [
  ...new Set([...claudeCode.shapePaths, ...openclaw.shapePaths]),
  "content[][].id",
  "content[].content[].content.text",
  "details.details.type",
];
const kept = keptAt(skimmedPaths);

/** The lines of a file whose characters are bytes, read in pieces of the sizes that `nextSize` gives. */
export function skim(file: string, nextSize = () => file.length, startAt = 0): SkimmedLine[] {
  const bytes = Buffer.from(file, "latin1");
  const lines: SkimmedLine[] = [];
  const keep = (line: SkimmedLine) => lines.push({ ...line });
  const skimmer = createSkimmer(startAt, skimmedPaths);
  let [window, other] = skimmer.windows;
  for (let at = 0; at < bytes.length; [window, other] = [other, window]) {
    const piece = bytes.subarray(at, at + Math.min(nextSize(), window.length));
    window.set(piece);
    skimmer.push(piece.length, keep);
    at += piece.length;
  }
  skimmer.end(keep);
  return lines;
}

/** A file of these rows, and what the skimmer should say about it: by `JSON.parse`, and by the rules for skeletons. */
export function fileOf(rows: string[]): { file: string; expected: SkimmedLine[] } {
  let at = 0;
  const expected = rows.map((row) => {
    const line = { at, ...judge(row) };
    at += row.length + 1;
    return line;
  });
  return { file: rows.map((row) => `${row}\n`).join(""), expected };
}

function judge(row: string): Omit<SkimmedLine, "at"> {
  const isValid = isJson(row);
  const reduced = isValid ? reduceRow(row, kept) : undefined;
  return {
    bytes: row.length,
    isTerminated: true,
    isBlank: /^[ \t\r]*$/.test(row),
    isValid,
    needsWhole: reduced?.needsWhole ?? false,
    hasLoneSurrogate: isValid && hasLoneSurrogate(row),
    row: reduced && !reduced.needsWhole ? (reduced.row as Record<string, unknown>) : undefined,
  };
}

function isJson(row: string): boolean {
  try {
    JSON.parse(Buffer.from(row, "latin1").toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

/** Which line is the first that differs; -1 when none does. Faster for many lines than telling how. */
export function firstDifference(lines: SkimmedLine[], expected: SkimmedLine[]): number {
  const longer = lines.length > expected.length ? lines : expected;
  return longer.findIndex((_, index) => textOf(lines[index]) !== textOf(expected[index]));
}

/** The order of members says nothing. */
function textOf(line: SkimmedLine | undefined): string | undefined {
  return JSON.stringify(line, (_, value) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
