import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lookAt } from "../../src/disk/fingerprint.ts";
import type { Transcript } from "../../src/installation/installation.ts";
import { openLive } from "../../src/restore/live.ts";

let folder = "";
let path = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "keeper-live-"));
  path = join(folder, "s1.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

async function open(content: string) {
  writeFileSync(path, content);
  const seen = lookAt(path);
  if (!seen) throw new Error("it was just written");
  const transcript: Transcript = {
    dialect: "claude-code",
    path,
    sessionId: "s1",
    group: "-w",
    ...seen,
    entries: [],
    inWorkspace: false,
  };
  return openLive(transcript);
}

async function read(live: Awaited<ReturnType<typeof open>>): Promise<string> {
  let text = "";
  try {
    for await (const piece of live.pieces()) text += Buffer.from(piece as Buffer).toString();
  } finally {
    await live.close();
  }
  return text;
}

test("what is added after it was opened is not part of it", async () => {
  const live = await open('{"a":1}\n');
  appendFileSync(path, '{"b":1}\n');
  expect(await read(live)).toBe('{"a":1}\n');
});

test("it stays what it was when another file takes its name", async () => {
  const live = await open('{"a":1}\n');
  writeFileSync(`${path}.new`, "{}\n");
  renameSync(`${path}.new`, path);
  expect(await read(live)).toBe('{"a":1}\n');
});

test("the first rows of one that was empty are no shortening", async () => {
  const live = await open("");
  appendFileSync(path, '{"a":1}\n');
  expect(await read(live)).toBe("");
});

test("one that is shortened in place while it is copied is refused", async () => {
  const cut = await open('{"a":1}\n{"b":1}\n');
  truncateSync(path, 8);
  await expect(read(cut)).rejects.toMatchObject({ code: "changed" });
  const refilled = await open('{"a":1}\n{"b":1}\n');
  writeFileSync(path, '{"b":1}\n{"c":1}\n{"d":1}\n');
  await expect(read(refilled)).rejects.toMatchObject({ code: "changed" });
});
