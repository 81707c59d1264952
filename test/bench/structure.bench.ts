import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { ReportDocument } from "../../src/report/document.ts";
import { addClaudeSession, boundEntry, makeHome, writeRegistry } from "../support/home.ts";
import { writeTranscript } from "../support/transcript-generator.ts";
import { type BenchRow, type Contender, compare, isInstalled, median, peakRssOf, skippedRow } from "./compare.ts";

const binary = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");
const TRANSCRIPTS = 1000;

/** The full check of a large transcript, its memory, the look at what was added, and a home in which nothing changed. */
export async function structureBenchmark(bytes = 386_000_000): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "structure-bench-"));
  try {
    const path = join(folder, "large.jsonl");
    const { orphanIds } = writeTranscript(path, {
      dialect: "claude-code",
      bytes,
      orphans: 3,
      start: new Date(Date.now() - 9e9),
    });
    return [
      await againstPython(path, bytes, orphanIds),
      ...(await memory(folder, path)),
      await secondLook(folder, path),
      await unchangedHome(),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function againstPython(path: string, bytes: number, orphanIds: readonly string[]): Promise<BenchRow> {
  const what = `full check of ${Math.round(bytes / 1e6)} MB, every row strictly`;
  const goal = "at least 5x as fast";
  if (!isInstalled("python3")) return skippedRow(what, "python3", goal);
  const truth = orphanIds.toSorted().join();
  const expectTruth = (ids: readonly string[]) => {
    if (ids.toSorted().join() !== truth) throw new Error(`expected ${truth}, got ${ids.join()}`);
  };
  const ours = {
    ...looking(path, ["--json"]),
    status: 1,
    check: (printed: string) => {
      const { installations } = JSON.parse(printed) as ReportDocument;
      expectTruth(
        installations.flatMap(({ findings }) => findings.flatMap(({ evidence }) => evidence.ids as string[])),
      );
    },
  };
  const script = join(import.meta.dirname, "baseline-check.py");
  const python = {
    argv: ["python3", script, path] as const,
    check: (text: string) => expectTruth(text.trim().split("\n")),
  };
  const times = await compare(ours, python, 7);
  return {
    what,
    peer: "python3, json.loads a line",
    ours: times.oursMs,
    peers: times.peersMs,
    ratio: times.timesAsFast,
    goal,
    ok: times.timesAsFast >= 5,
  };
}

/** Small, large, very large, and with a line of 12 MB in it: the same. */
async function memory(folder: string, large: string): Promise<BenchRow[]> {
  const goal = "at most 2.4x";
  const floor = await peakRssOf({ argv: [process.execPath, "-e", "0"] });
  const [small, huge, long] = [join(folder, "small.jsonl"), join(folder, "huge.jsonl"), join(folder, "long.jsonl")];
  writeTranscript(small, { dialect: "claude-code", bytes: 2_000_000 });
  writeTranscript(long, { dialect: "claude-code", bytes: 20_000_000 });
  appendFileSync(long, `${JSON.stringify({ type: "progress", isSidechain: true, data: "x".repeat(12_000_000) })}\n`);
  writeTranscript(huge, { dialect: "claude-code", bytes: 2_000_000_000 });
  const rows: BenchRow[] = [];
  for (const [what, path, status] of [
    ["2 MB", small, 0],
    ["a line of 12 MB", long, 0],
    ["386 MB", large, 1],
    ["2 GB", huge, 0],
  ] as const) {
    const ours = await peakRssOf({ ...looking(path), status });
    const ratio = ours / floor;
    const measured = floor > 0 ? { ok: ratio <= 2.4 } : { ok: null, note: "no /proc here" };
    rows.push({
      what: `peak memory (RSS), ${what}`,
      peer: "node -e 0",
      ours,
      peers: floor,
      ratio,
      goal,
      unit: "bytes",
      ...measured,
    });
  }
  rmSync(huge);
  return rows;
}

/** 200 KB were added to what was looked at before: both looks in one process, without what starting it takes. */
async function secondLook(folder: string, path: string): Promise<BenchRow> {
  const program = join(folder, "look-twice.mjs");
  await bundleLooking(program);
  const sessionRows = JSON.stringify({ type: "queue-operation", operation: "enqueue", content: "x".repeat(2000) });
  const added = join(folder, "added");
  writeFileSync(added, `${sessionRows}\n`.repeat(100));
  const { execFileSync } = await import("node:child_process");
  const runs = [1, 2, 3, 4, 5].map(
    () =>
      JSON.parse(execFileSync(process.execPath, [program, path, added], { encoding: "utf8" })) as {
        first: number;
        second: number;
      },
  );
  const [first, second] = [median(runs.map((run) => run.first)), median(runs.map((run) => run.second))];
  return {
    what: "look again after 200 KB were added",
    peer: "the first look",
    ours: second,
    peers: first,
    ratio: second / first,
    goal: "at most 1/20",
    ok: second <= first / 20,
  };
}

async function unchangedHome(): Promise<BenchRow> {
  const home = makeHome();
  try {
    const entries: Record<string, unknown> = {};
    for (let index = 0; index < TRANSCRIPTS; index += 1) {
      const { sessionId } = addClaudeSession(home, { bytes: 20_000 });
      entries[`agent:main:telegram:group:${index}`] = boundEntry(sessionId);
    }
    writeRegistry(home, entries);
    const args = [process.execPath, binary, "detect-corruption", ...home.args] as const;
    const ours = { argv: args, env: { PATH: process.env.PATH ?? "" } };
    const anew = { ...ours, prepare: () => rmSync(home.state, { recursive: true, force: true }) };
    // the other one throws away what was remembered: it is looked up again before each round
    const first = await compare({ ...anew }, { argv: [process.execPath, "-e", "0"] }, 5);
    const times = await compare(ours, { argv: [process.execPath, "-e", "0"] }, 9);
    return {
      what: `${TRANSCRIPTS} unchanged transcripts (${Math.round(first.oursMs)} ms the first time)`,
      peer: "node -e 0",
      ours: times.oursMs,
      peers: times.peersMs,
      ratio: times.oursMs / times.peersMs,
      goal: "at most 4x its time",
      ok: times.oursMs <= 4 * times.peersMs,
    };
  } finally {
    home.remove();
  }
}

function looking(path: string, more: readonly string[] = []): Contender {
  return {
    argv: [process.execPath, binary, "detect-corruption", path, ...more],
    env: { PATH: process.env.PATH ?? "" },
  };
}

/** Looks at a file, adds to it, looks again from where the first look left off; puts it back as it was. */
async function bundleLooking(outfile: string): Promise<void> {
  const contents = `
    import { appendFileSync, readFileSync, statSync, truncateSync } from "node:fs";
    import { defaults } from "../../src/config/defaults.ts";
    import { lookAt } from "../../src/disk/fingerprint.ts";
    import { lookAtStructure } from "../../src/inspect/structure.ts";
    const [path, added] = process.argv.slice(2);
    const transcript = () => ({ dialect: "claude-code", path, ...lookAt(path) });
    const timed = async (known) => {
      const begun = performance.now();
      const cursor = await lookAtStructure(transcript(), known, { settings: defaults });
      return { cursor, ms: performance.now() - begun };
    };
    const { size } = statSync(path);
    const first = await timed(undefined);
    appendFileSync(path, readFileSync(added));
    const second = await timed(first.cursor);
    truncateSync(path, size);
    if (second.cursor.damages.length !== first.cursor.damages.length) throw new Error("the looks do not agree");
    console.log(JSON.stringify({ first: first.ms, second: second.ms }));`;
  await build({
    stdin: { contents, loader: "ts", resolveDir: import.meta.dirname },
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    logLevel: "error",
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
}
