import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "vitest";
import { keeperJson } from "../support/keeper.ts";
import { isBoundary, randomTranscript } from "../support/random-transcript.ts";
import { writeTranscript } from "../support/transcript-generator.ts";
import type { Message } from "./claude-code/messages-api.ts";
import { goOn, PROMPT, resume } from "./claude-code/resume.ts";
import { takeTurns } from "./claude-code/take-turns.ts";
import { type InstalledClaudeCode, installClaudeCode } from "./packages.ts";

const RELEASES = ["2.0.76", "2.1.50", "2.1.112", "2.1.150", "2.1.329"] as const;
/** More than releases from 2.1.69 on read whole (5 MiB). */
const BIG = 6 * 1024 * 1024;
const twoAtATime = takeTurns(2);
const installs = new Map<string, ReturnType<typeof installClaudeCode>>();

type Case = { name: string; sessionId: string; transcript: Buffer };
type Kept = { preservedSegment?: unknown; preservedMessages?: unknown };

/** The first made-up transcripts that have this after their last compaction. */
function find(name: string, isWanted: (rows: Record<string, unknown>[], kept: Kept) => boolean, isBig = false): Case {
  for (let seed = 1; ; seed += 1) {
    const { rows, bytes, endsInNewline, sessionId } = randomTranscript("claude-code", seed);
    const at = rows.findLastIndex(isBoundary);
    const kept = (rows[at]?.compactMetadata ?? {}) as Kept;
    const replies = rows.slice(at).filter(({ type, isSidechain }) => type === "assistant" && isSidechain !== true);
    const hasCheckpoint = rows.slice(at).some(({ type }) => type === "last-prompt");
    if (at < 0 || !endsInNewline || replies.length === 0 || hasCheckpoint || !isWanted(rows, kept)) continue;
    return { name, sessionId, transcript: isBig ? Buffer.concat([padding(), bytes]) : bytes };
  }
}

const count = (rows: readonly Record<string, unknown>[]) => rows.filter(isBoundary).length;
/** Results of one reply that hang side by side. */
function hasParallelCalls(rows: readonly Record<string, unknown>[]): boolean {
  const live = rows.slice(rows.findLastIndex(isBoundary)).filter(({ isSidechain }) => isSidechain !== true);
  const parents = live
    .filter(({ sourceToolAssistantUUID }) => sourceToolAssistantUUID)
    .map(({ parentUuid }) => parentUuid);
  return live.some(
    ({ parentUuid, type, uuid }) => type === "assistant" && parents.includes(parentUuid) && uuid !== undefined,
  );
}

const isPlain = ({ preservedSegment, preservedMessages }: Kept) => !preservedSegment && !preservedMessages;

const cases = (): Case[] => [
  find("a plain boundary", (rows, kept) => count(rows) === 1 && isPlain(kept)),
  find("a preserved segment", (_, kept) => Boolean(kept.preservedSegment && !kept.preservedMessages)),
  find("a preserved list", (_, kept) => Boolean(!kept.preservedSegment && kept.preservedMessages)),
  find("a preserved segment and list", (_, kept) => Boolean(kept.preservedSegment && kept.preservedMessages)),
  find("two boundaries", (rows) => count(rows) === 2),
  find("parallel calls behind the boundary", (rows, kept) => hasParallelCalls(rows) && isPlain(kept)),
  find("more than 5 MiB before a plain boundary", (rows, kept) => isPlain(kept) && !hasParallelCalls(rows), true),
  find(
    "more than 5 MiB before a preserved segment and list",
    (_, kept) => Boolean(kept.preservedSegment && kept.preservedMessages),
    true,
  ),
  manyBoundaries(),
];

describe.each(RELEASES)("Claude Code %s rebuilds the same conversation before and after a cut", (version) => {
  for (const { name, sessionId, transcript } of cases()) {
    test.concurrent(`with ${name}`, async ({ skip, expect }) => {
      const claude = await install(version, skip);
      const cut = await cutCopy(sessionId, transcript);
      expect(cut.length).toBeLessThan(transcript.length);
      const ask = (bytes: Buffer) => twoAtATime(() => resume(claude, bytes, sessionId));
      const [before, after] = await Promise.all([ask(transcript), ask(cut)]);
      expect(before.length).toBeGreaterThan(1);
      expect(after).toEqual(before);
    });
  }

  test.concurrent("with a boundary that the program wrote itself", async ({ skip, expect }) => {
    const claude = await install(version, skip);
    const { sessionId, transcript } = find("any", (rows) => count(rows) === 1);
    const compacted = await twoAtATime(() => goOn(claude, transcript, sessionId, { say: "/compact" }));
    const answered = await twoAtATime(() => goOn(claude, compacted.transcript, sessionId));
    const cut = await cutCopy(sessionId, answered.transcript);
    expect(count(rowsOf(answered.transcript))).toBe(2);
    expect(count(rowsOf(cut))).toBe(1);
    const ask = (bytes: Buffer) => twoAtATime(() => resume(claude, bytes, sessionId));
    const [before, after] = await Promise.all([ask(answered.transcript), ask(cut)]);
    expect(after).toEqual(before);
  });

  test.concurrent("that goes on while it is cut", async ({ skip, expect }) => {
    const claude = await install(version, skip);
    const { sessionId, transcript } = find("any", (rows, kept) => count(rows) === 2 && isPlain(kept));
    const uncut = await twoAtATime(() => goOn(claude, transcript, sessionId));
    const cut = await twoAtATime(() =>
      goOn(claude, transcript, sessionId, { meanwhile: (path) => cutInPlace(path, sessionId) }),
    );
    expect(count(rowsOf(cut.transcript))).toBe(1);
    expect(cut.messages).toEqual(uncut.messages);
    const ask = (bytes: Buffer) => twoAtATime(() => resume(claude, bytes, sessionId));
    const [before, after] = await Promise.all([ask(uncut.transcript), ask(cut.transcript)]);
    expect(JSON.stringify(after)).toContain(PROMPT);
    expect(withoutTimes(after)).toEqual(withoutTimes(before));
  });
});

/** What the run itself adds to a prompt tells of its folder. */
function withoutTimes(messages: readonly Message[]): unknown {
  return JSON.parse(JSON.stringify(messages).replaceAll(/keeper-resume-\w+/g, "keeper-resume"));
}

async function install(version: string, skip: (why: string) => void): Promise<InstalledClaudeCode> {
  const installing = installs.get(version) ?? installClaudeCode(version);
  installs.set(version, installing);
  const claude = await installing;
  if ("missing" in claude) skip(claude.missing);
  return claude as InstalledClaudeCode;
}

function rowsOf(transcript: Buffer): Record<string, unknown>[] {
  return transcript
    .toString()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

/** Lets the built program cut a copy. */
async function cutCopy(sessionId: string, transcript: Buffer): Promise<Buffer> {
  const root = mkdtempSync(join(tmpdir(), "keeper-cut-"));
  try {
    const path = join(root, "projects", "-w", `${sessionId}.jsonl`);
    mkdirSync(join(root, "projects", "-w"), { recursive: true });
    writeFileSync(path, transcript, { mode: 0o600 });
    await cutInPlace(path, sessionId);
    return readFileSync(path);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function cutInPlace(path: string, sessionId: string): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), "keeper-state-"));
  const home = join(path, "..", "..", "..");
  const args = ["--claude-home", home, "--state-dir", state, "--session", sessionId, "--strategy", "cut", "--force"];
  const { installations } = await keeperJson(["rotate", ...args], { HOME: state });
  rmSync(state, { recursive: true });
  const result = installations[0]?.actions.find(({ kind }) => kind === "cut-transcript")?.result;
  if (result !== "done") throw new Error(`nothing was cut: ${JSON.stringify(installations[0]?.spared)}`);
}

function manyBoundaries(): Case {
  const folder = mkdtempSync(join(tmpdir(), "keeper-many-"));
  try {
    const path = join(folder, "t.jsonl");
    const sessionId = randomUUID();
    // below 5 MiB, as 2.1.131 to 2.1.250 lose calls side by side of larger files, until these are cut
    writeTranscript(path, { dialect: "claude-code", bytes: 4_500_000, boundaries: 142, sessionId });
    return { name: "142 boundaries", sessionId, transcript: readFileSync(path) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function padding(): Buffer {
  const backups = { ["x".repeat(60_000)]: 1 };
  const line = `${JSON.stringify({ type: "file-history-snapshot", messageId: "", snapshot: { trackedFileBackups: backups } })}\n`;
  return Buffer.from(line.repeat(Math.ceil(BIG / line.length)));
}
