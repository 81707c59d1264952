import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Archive, readArchives } from "../../src/restore/archives.ts";
import { drawSample, verifyArchives } from "../../src/restore/verify.ts";
import { addArchive, prune } from "../support/archives.ts";
import { archiveOf } from "../support/records.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-verify-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const never = new AbortController().signal;

function archives(count: number): Archive[] {
  for (let segment = 1; segment <= count; segment += 1)
    addArchive(folder, `line ${segment}\n`, { sessionId: "s1", source: "/s1", segment });
  return readArchives(folder);
}

test("sound archives have no problem; damaged, missing and exchanged ones are told", async () => {
  const [sound, damaged, missing, exchanged] = archives(4) as [Archive, Archive, Archive, Archive];
  const bytes = readFileSync(damaged.path);
  bytes.writeUInt8((bytes.at(-6) ?? 0) ^ 1, bytes.length - 6);
  writeFileSync(damaged.path, bytes);
  rmSync(missing.path);
  writeFileSync(exchanged.path, readFileSync(sound.path));
  const verdicts = await verifyArchives([sound, damaged, missing, exchanged], never);
  expect(verdicts.map(({ archive, problem }) => [archive.record.segment, problem])).toEqual([
    [1, undefined],
    [2, expect.stringContaining("cannot be unpacked")],
    [3, expect.stringContaining("is not there")],
    [4, expect.stringContaining("not what went in")],
  ]);
});

test("one that a run let go in the meantime is no problem", async () => {
  const [archive] = archives(1) as [Archive];
  prune(folder, archive.record);
  rmSync(archive.path);
  expect(await verifyArchives([archive], never)).toEqual([]);
});

test("a stop ends it", async () => {
  await expect(verifyArchives(archives(1), AbortSignal.abort(new Error("stopped")))).rejects.toThrow("stopped");
});

test("a sample has so many archives, each once, and another draw has others", () => {
  const all = Array.from({ length: 30 }, (_, index) => archiveOf({ segment: index + 1 }));
  const draws = Array.from({ length: 20 }, () => drawSample(all, 5));
  for (const draw of draws) expect(new Set(draw).size).toBe(5);
  expect(new Set(draws.flat()).size).toBeGreaterThan(5);
  expect(drawSample(all, 99)).toEqual(all);
});
