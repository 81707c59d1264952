import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { editRegistry, isStillNeeded } from "../../src/apply/edit-registry.ts";
import type { Progress, Tools } from "../../src/apply/tools.ts";
import { defaults } from "../../src/config/defaults.ts";
import { openDisk } from "../../src/disk/disk.ts";
import { lookAt } from "../../src/disk/fingerprint.ts";
import type { Transcript } from "../../src/installation/installation.ts";
import type { Step } from "../../src/plan/plan.ts";
import { wordOutcome, wordPlanned } from "../../src/report/wording.ts";

const KEY = "agent:main:main";
const counters = { totalTokens: 41_000, inputTokens: 1200, outputTokens: 300, totalTokensFresh: true };
const entry = { sessionId: "s", updatedAt: 1_770_640_000_000, contextTokens: 200_000, compactionCount: 2 };

let folder: string;
let registryPath: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "edit-registry-"));
  registryPath = join(folder, "sessions.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The step before a cut, and what it works with: an OpenClaw whose registry has a lock. */
function beforeCut() {
  const path = join(folder, "s.jsonl");
  writeFileSync(path, "{}\n");
  const fingerprint = lookAt(path)?.fingerprint as Transcript["fingerprint"];
  const reference = { agent: "main", registryPath, entry: { key: KEY, sessionId: "s", bindings: [], pinned: false } };
  const transcript: Transcript = {
    dialect: "openclaw",
    path,
    sessionId: "s",
    group: "main",
    kind: "file",
    fingerprint,
    entries: [reference],
    inWorkspace: false,
  };
  const step: Extract<Step, { kind: "edit-registry" }> = {
    kind: "edit-registry",
    transcript,
    entry: reference,
    change: "drop-counters",
  };
  const progress = { job: { force: false }, archived: { source: fingerprint } } as Progress;
  const tools = {
    disk: openDisk(),
    settings: defaults,
    installation: { registries: [], openclaw: { home: folder, era: { era: "F1", because: "" } } },
    foreignPids: false,
    signal: new AbortController().signal,
  } as unknown as Tools;
  return { step, progress, tools };
}

const write = (held: object) => writeFileSync(registryPath, JSON.stringify({ [KEY]: held }, null, 2));

test("before a cut the counters go, unless the transcript is not what was archived any more", async () => {
  write({ ...entry, ...counters });
  const { step, progress, tools } = beforeCut();
  expect(isStillNeeded(step)).toBe(true);
  const outcome = await editRegistry(step, progress, tools);
  expect(outcome).toMatchObject({ result: "done", detail: { sessionKey: KEY, change: "drop-counters" } });
  expect(readFileSync(registryPath, "utf8")).toBe(JSON.stringify({ [KEY]: entry }, null, 2));
  expect(isStillNeeded(step)).toBe(false);
  expect(wordPlanned(step)).toBe("drop the token counters of its registry entry, which count the rows that go");
  expect(wordOutcome(outcome)).toBe("its registry entry no longer counts the rows that go");
  write({ ...entry, ...counters });
  writeFileSync(step.transcript.path, "{}\n{}\n");
  expect(await editRegistry(step, progress, tools)).toMatchObject({ result: "changed-since-plan" });
  expect(isStillNeeded(step)).toBe(true);
});

test("an entry that counts nothing, or leads to another session by now, stays as it is", async () => {
  for (const held of [entry, { ...entry, ...counters, sessionId: "newer" }]) {
    write(held);
    const before = lookAt(registryPath)?.fingerprint;
    const { step, progress, tools } = beforeCut();
    expect(isStillNeeded(step)).toBe(false);
    const outcome = await editRegistry(step, progress, tools);
    expect(outcome).toMatchObject({ result: "already-done", because: "the entry holds no counters of the session" });
    expect(lookAt(registryPath)?.fingerprint).toEqual(before);
  }
});
