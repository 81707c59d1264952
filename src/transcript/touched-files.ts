import type { Dialect } from "../dialects/dialect.ts";
import { parseRow } from "./contents.ts";
import { createLineSplitter } from "./lines.ts";

/**
 * Collects the files that a session changed, while its bytes pass by on their way into the archive.
 *
 * Memory: the longest line, and one short text for each changed file.
 */
export function collectTouchedFiles(dialect: Dialect): { push: (piece: Buffer) => void; end: () => string[] } {
  const pathsByCall = new Map<string, string[]>();
  const needles = dialect.fileChangeNeedles.map((needle) => Buffer.from(needle));
  const splitter = createLineSplitter((line) => {
    if (!needles.some((needle) => line.includes(needle))) return;
    const row = parseRow(line);
    if (!row) return;
    const { calls, failed } = dialect.fileChanges(row);
    for (const { id, paths } of calls) pathsByCall.set(id, paths);
    for (const id of failed) pathsByCall.delete(id);
  });
  return {
    push: splitter.push,
    end: () => {
      splitter.end();
      return [...new Set([...pathsByCall.values()].flat())];
    },
  };
}
