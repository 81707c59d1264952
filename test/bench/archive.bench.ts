import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { writeTranscript } from "../support/transcript-generator.ts";
import { type BenchRow, type Contender, compare, isInstalled, skippedRow } from "./compare.ts";

/**
 * A verified archive: written, synced, read back whole, by a fresh process, against the usual ways.
 * Each archive, ours and theirs, is also unpacked by `zcat` and compared with the original.
 */
export async function archiveBenchmark(bytes = 386_000_000): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "archive-bench-"));
  try {
    const program = join(folder, "archive.mjs");
    await bundleArchiver(program);
    return [
      ...(await againstGzip(folder, program, bytes)),
      await againstPigz(folder, program, Math.min(bytes, 50_000_000)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function againstGzip(folder: string, program: string, bytes: number): Promise<BenchRow[]> {
  const size = `${Math.round(bytes / 1e6)} MB`;
  const goals = { time: "at least 2.2x as fast", size: "at most 1.005x", memory: "below 150 MB" };
  const peer = "gzip -6, then gzip -t";
  if (!isInstalled("gzip")) return [skippedRow(`verified archive of ${size}`, peer, goals.time)];

  const original = join(folder, "large.jsonl");
  writeTranscript(original, { dialect: "claude-code", bytes });
  const theirs = join(folder, "theirs.gz");
  const gzip = shell('gzip -6 -c "$1" > "$2" && gzip -t "$2"', original, theirs);
  const ours = join(folder, "ours.gz");
  const times = await compare(archiver(program, original, ours), gzip);
  const sizes = { ours: statSync(ours).size, peers: statSync(theirs).size };
  const limit = 150_000_000;
  return [
    {
      what: `verified archive of ${size}`,
      peer,
      ours: times.oursMs,
      peers: times.peersMs,
      ratio: times.timesAsFast,
      goal: goals.time,
      ok: times.timesAsFast >= 2.2,
      note: "ours includes fsync and a hash",
    },
    {
      what: "size of that archive",
      peer: "gzip -6",
      ...sizes,
      ratio: sizes.ours / sizes.peers,
      goal: goals.size,
      ok: sizes.ours / sizes.peers <= 1.005,
      unit: "bytes",
    },
    {
      what: "peak memory (RSS) while it is made",
      peer: "the limit",
      ours: times.oursPeakRssBytes,
      peers: limit,
      ratio: times.oursPeakRssBytes / limit,
      goal: goals.memory,
      ok: times.oursPeakRssBytes === 0 ? null : times.oursPeakRssBytes < limit,
      unit: "bytes",
      ...(times.oursPeakRssBytes === 0 && { note: "no /proc here" }),
    },
  ];
}

async function againstPigz(folder: string, program: string, bytes: number): Promise<BenchRow> {
  const what = `verified archive of ${Math.round(bytes / 1e6)} MB`;
  const peer = "pigz -6 -p2, not verified";
  const goal = "at most 1.15x of its time";
  if (!isInstalled("pigz")) return skippedRow(what, peer, goal);

  const original = join(folder, "medium.jsonl");
  writeTranscript(original, { dialect: "claude-code", bytes });
  const pigz = shell('pigz -6 -p2 -c "$1" > "$2"', original, join(folder, "pigz.gz"));
  const times = await compare(archiver(program, original, join(folder, "medium.gz")), pigz);
  const ratio = times.oursMs / times.peersMs;
  return { what, peer, ours: times.oursMs, peers: times.peersMs, ratio, goal, ok: ratio <= 1.15 };
}

function archiver(program: string, original: string, archive: string): Contender {
  return { argv: [process.execPath, program, original, archive], check: () => expectSame(archive, original) };
}

function shell(script: string, original: string, archive: string): Contender {
  return { argv: ["sh", "-c", script, "sh", original, archive], check: () => expectSame(archive, original) };
}

function expectSame(archive: string, original: string): void {
  execFileSync("sh", ["-c", 'zcat "$1" | cmp - "$2"', "sh", archive, original]);
}

/** One plain file, as the product is built: what a TypeScript loader takes to start is not ours to count. */
async function bundleArchiver(outfile: string): Promise<void> {
  const contents = `
    import { open } from "node:fs/promises";
    import { gzipRange, verifyGzip } from "../../src/archive/gzip.ts";
    const source = await open(process.argv[2]);
    const target = await open(process.argv[3], "w+");
    const summary = await gzipRange(source, { from: 0, to: (await source.stat()).size }, target);
    await target.sync();
    await verifyGzip(target, summary);
    await Promise.all([source.close(), target.close()]);`;
  const stdin = { contents, loader: "ts", resolveDir: import.meta.dirname } as const;
  await build({
    stdin,
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.19",
    logLevel: "error",
  });
}
