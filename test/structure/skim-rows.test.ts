import { closeSync, mkdtempSync, openSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { claudeCode } from "../../src/dialects/claude-code.ts";
import { type LineRead, type RowReader, readWholeRows } from "../../src/structure/read-rows.ts";
import { readSkimmedRows } from "../../src/structure/skim-rows.ts";
import { writeTranscript } from "../support/transcript-generator.ts";

const folder = mkdtempSync(join(tmpdir(), "skim-rows-"));
const path = join(folder, "large.jsonl");
// several windows
const { lines } = writeTranscript(path, { dialect: "claude-code", bytes: 5_000_000 });
const { size } = statSync(path);
const descriptor = openSync(path, "r");
afterAll(() => {
  closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

function read(
  how: RowReader,
  onLine: (line: LineRead) => void,
  { to = size, signal = new AbortController().signal } = {},
) {
  return how(descriptor, { from: 0, to, line: 1, paths: claudeCode.shapePaths }, onLine, signal);
}

async function shapesBy(how: RowReader, to?: number): Promise<unknown[]> {
  const shapes: unknown[] = [];
  const keep = ({ line, at, bytes, isTerminated, value }: LineRead) =>
    shapes.push({ line, at, bytes, isTerminated, ...claudeCode.shapeOf(value as Record<string, unknown>) });
  await read(how, keep, to === undefined ? {} : { to });
  return shapes;
}

test("every line of a file of several windows is told as the plain reader tells it", async () => {
  const shapes = await shapesBy(readSkimmedRows);
  expect(shapes).toHaveLength(lines);
  expect(shapes).toEqual(await shapesBy(readWholeRows));
});

test("a file that became shorter meanwhile ends where it ends", async () => {
  expect(await shapesBy(readSkimmedRows, size + 3_000_000)).toHaveLength(lines);
});

test("a signal stops it between two windows", async () => {
  const stop = new AbortController();
  let told = 0;
  const reading = read(
    readSkimmedRows,
    () => {
      told += 1;
      stop.abort(new Error("enough"));
    },
    { signal: stop.signal },
  );
  await expect(reading).rejects.toThrow("enough");
  expect(told).toBeGreaterThan(1);
  expect(told).toBeLessThan(lines / 2);
});

test("what goes wrong with a line is passed on, and the next file is read well", async () => {
  const fail = () => {
    throw new Error("not this one");
  };
  await expect(read(readSkimmedRows, fail)).rejects.toThrow("not this one");
  expect(await shapesBy(readSkimmedRows)).toHaveLength(lines);
});
