import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { catalogPathOf } from "../../src/archive/catalog.ts";
import type { Installation } from "../../src/installation/installation.ts";
import { type CatalogSums, measureArchives, measureTranscripts } from "../../src/metrics/measure.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-measure-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function archive(name: string, installation: string, gzipBytes: number, more: object = {}): void {
  const about = {
    at: "2026-01-01T00:00:00.000Z",
    sessionId: name,
    source: `/${name}`,
    sha256: "",
    bytes: 1,
    segment: 1,
  };
  const line = { archive: name, installation, dialect: "openclaw", gzipBytes, ...about, ...more };
  appendFileSync(catalogPathOf(folder), `${JSON.stringify(line)}\n`);
}

test("archives count with what belongs to them, all of a folder or those of one installation", () => {
  archive("x", "a", 10, { sidecars: { gzipBytes: 5 } });
  archive("y", "a", 20, { dialect: "claude-code" });
  archive("z", "b", 40);
  appendFileSync(catalogPathOf(folder), `${JSON.stringify({ pruned: "y", at: "", runId: "" })}\n`);
  expect(measureArchives([folder], undefined, {})).toEqual({ openclaw: { count: 2, bytes: 55 } });
  expect(measureArchives([folder, join(folder, "none")], "a", {})).toEqual({ openclaw: { count: 1, bytes: 15 } });
});

test("a catalog that did not change is not read again", () => {
  archive("x", "a", 10);
  const known: CatalogSums = {};
  measureArchives([folder], undefined, known);
  const remembered = known[folder];
  if (!remembered) throw new Error("what was read is remembered");
  remembered.sums = { a: { openclaw: { count: 7, bytes: 7 } } };
  expect(measureArchives([folder], undefined, known)).toEqual({ openclaw: { count: 7, bytes: 7 } });
  archive("y", "a", 10);
  expect(measureArchives([folder], undefined, known)).toEqual({ openclaw: { count: 2, bytes: 20 } });
});

test("transcripts are measured as they are now, and a home without any has none", () => {
  mkdirSync(join(folder, "sessions"));
  const paths = ["x", "y", "gone"].map((name) => join(folder, "sessions", name));
  writeFileSync(paths[0] ?? "", "12345");
  writeFileSync(paths[1] ?? "", "123");
  const transcripts = paths.map((path) => ({ path, dialect: "openclaw" }));
  const installation = { transcripts, claude: { home: folder }, openclaw: { home: folder } } as unknown as Installation;
  expect(measureTranscripts(installation)).toEqual({
    "claude-code": { count: 0, bytes: 0, largest: 0 },
    openclaw: { count: 2, bytes: 8, largest: 5 },
  });
});
