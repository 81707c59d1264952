import { closeSync, openSync, writeSync } from "node:fs";
import { claudeCodeRows } from "./claude-code-rows.ts";
import { changesFile, inventTurn, type Turn } from "./conversation.ts";
import { openClawRows } from "./openclaw-rows.ts";
import { seededRandom, textSource } from "./random.ts";

export type TranscriptOptions = {
  dialect: "claude-code" | "openclaw";
  /** size of the file, to the byte from about 4 KB on (a smaller one becomes as small as its rows allow) */
  bytes: number;
  /** compactions, evenly spread; default: one for each 2.7 MB, as seen in a transcript of 386 MB */
  boundaries?: number;
  seed?: number;
  sessionId?: string;
  /** time of the first row */
  start?: Date;
  /** tool results without their call, in a row each, after the last compaction */
  orphans?: number;
  cwd?: string;
};

export type WrittenTranscript = {
  sessionId: string;
  lines: number;
  bytes: number;
  boundaries: number;
  /** of calls that have their result */
  toolIds: string[];
  orphanIds: string[];
  /** files that the calls changed, in the order of their first change */
  changedFiles: string[];
};

/** What the rows of one transcript share. A turn that does not fit is taken back by restoring `parent` and `atMs`. */
export type Chain = { sessionId: string; cwd: string; parent: string | null; atMs: number; tick: () => string };

export type RowWriter = {
  opening: () => object[];
  turn: (turn: Turn) => object[];
  boundary: (summary: string) => object[];
  orphan: (toolId: string) => object[];
  closing: (text: string) => object[];
};

/**
 * Writes a made-up conversation in the shapes of a real one; every line is sound. The same options give the same bytes.
 * Memory does not depend on the size: 160 MB RSS for 386 MB, which take a few seconds.
 */
export function writeTranscript(path: string, options: TranscriptOptions): WrittenTranscript {
  const random = seededRandom(options.seed ?? 1);
  const sessionId = options.sessionId ?? random.uuid();
  const source = textSource(seededRandom((options.seed ?? 1) + 1), options.bytes);
  const chain: Chain = {
    sessionId,
    cwd: options.cwd ?? "/home/bot/workspace",
    parent: null,
    atMs: (options.start ?? new Date("2026-02-01T08:00:00.000Z")).getTime(),
    tick: () => {
      chain.atMs += random.integer(200, 9000);
      return new Date(chain.atMs).toISOString();
    },
  };
  const rows = (options.dialect === "openclaw" ? openClawRows : claudeCodeRows)(random, chain);
  const boundaries = options.boundaries ?? Math.floor(options.bytes / 2_700_000);
  const facts = { sessionId, lines: 0, bytes: 0, boundaries, toolIds: [] as string[] };
  const orphanIds = Array.from({ length: options.orphans ?? 0 }, () => `toolu_01${random.letters(22)}`);
  const changedFiles = new Set<string>();
  const file = openSync(path, "w", 0o600);
  const write = (made: object[], bytes = asLines(made)) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
    facts.lines += made.length;
    facts.bytes += bytes.length;
  };

  try {
    write(rows.opening());
    let [boundariesLeft, orphansLeft] = [boundaries, orphanIds];
    const writeWhatIsDue = (progress: number) => {
      while (boundariesLeft > 0 && progress >= 1 - boundariesLeft / (boundaries + 1)) {
        write(rows.boundary(source.prose(Math.min(4000, options.bytes / 50))));
        boundariesLeft--;
      }
      if (boundariesLeft > 0 || progress < 0.6) return;
      for (const id of orphansLeft) write(rows.orphan(id));
      orphansLeft = [];
    };
    // a turn that does not fit is tried again, smaller
    for (let share = 1; share > 1 / 64; ) {
      const before = { ...chain };
      const room = options.bytes - facts.bytes - (2000 + 1000 * orphansLeft.length + 3000 * boundariesLeft);
      const turn = inventTurn(random, source, chain.cwd, room * share);
      const made = rows.turn(turn);
      const bytes = asLines(made);
      if (bytes.length > room) {
        Object.assign(chain, before);
        share /= 2;
        continue;
      }
      write(made, bytes);
      const calls = turn.steps.flatMap((step) => step.calls);
      facts.toolIds.push(...calls.map((call) => call.id));
      for (const call of calls.filter(changesFile)) changedFiles.add(call.path);
      writeWhatIsDue(facts.bytes / options.bytes);
    }
    writeWhatIsDue(1);
    writeClosing(options.bytes - facts.bytes);
  } finally {
    closeSync(file);
  }
  return { ...facts, orphanIds, changedFiles: [...changedFiles] };

  /** The last reply is as long as it takes. */
  function writeClosing(room: number) {
    const made = rows.closing("");
    const text = source.plain(Math.max(0, room - asLines(made).length));
    write(made, Buffer.from(asLines(made).toString().replace('"text":""', `"text":"${text}"`)));
  }
}

const asLines = (rows: object[]) => Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
