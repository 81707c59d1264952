import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { lookAt } from "../../src/disk/fingerprint.ts";
import { findStaleBindings } from "../../src/inspect/stale-bindings.ts";
import type { Installation, Transcript } from "../../src/installation/installation.ts";

let folder: string;
afterEach(() => rmSync(folder, { recursive: true }));

/** How many bindings to a file with this content are stale; it was written to just now. */
async function staleOf(content: string | Buffer, era = "F2", quietSinceMs = Date.now() + 1000): Promise<number> {
  folder ??= mkdtempSync(join(tmpdir(), "stale-"));
  const path = join(folder, "s.jsonl");
  writeFileSync(path, content);
  const entry = { agent: "main", registryPath: "/o/sessions.json", provider: "claude-cli", entry: { key: "k" } };
  const transcript = { dialect: "claude-code", path, sessionId: "s", group: "g", entries: [entry], ...lookAt(path) };
  const installation = { transcripts: [transcript as unknown as Transcript], openclaw: { era: { era } } };
  return (await findStaleBindings(installation as Installation, quietSinceMs, new Set())).length;
}

test("a binding is stale when its session holds no rows, and when it was not made just now", async () => {
  expect(await staleOf("")).toBe(1);
  expect(await staleOf(" \n")).toBe(1);
  expect(await staleOf(Buffer.alloc(8000))).toBe(1);
  expect(await staleOf("{}\n")).toBe(0);
  expect(await staleOf("", "F2", Date.now() - 60_000)).toBe(0);
  expect(await staleOf("", "S")).toBe(0);
});
