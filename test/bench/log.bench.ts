import { appendFileSync, closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { type BenchRow, type Contender, compare, isInstalled, skippedRow } from "./compare.ts";

const END = Date.parse("2026-02-08T16:58:00.000Z");
const WINDOW_MS = 5 * 60_000;
const DAYS = 10;
const CRASHES_IN_WINDOW = 3;

/** The last five minutes of a large gateway log, by a fresh process, against a full scan; and what a second look costs. */
export async function logBenchmark(bytes = 1_000_000_000): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), "log-bench-"));
  try {
    const log = join(folder, "gateway.log");
    writeLog(log, bytes);
    const program = join(folder, "look.mjs");
    await bundleLook(program);
    return [await againstPython(folder, log, program, bytes), await secondLook(folder, log, program)];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function againstPython(folder: string, log: string, program: string, bytes: number): Promise<BenchRow> {
  const what = `last five minutes of a ${Math.round(bytes / 1e6)} MB log`;
  const peer = "python3, full scan";
  const goal = "at least 100x as fast";
  if (!isInstalled("python3")) return skippedRow(what, peer, goal);
  const script = join(folder, "scan.py");
  writeFileSync(script, FULL_SCAN);
  const since = new Date(END - WINDOW_MS).toISOString().slice(0, 19);
  const python: Contender = { argv: ["python3", script, log, since], check: expectMatches(CRASHES_IN_WINDOW) };
  const ours: Contender = {
    argv: look(program, log, join(folder, "none.json")),
    check: expectMatches(CRASHES_IN_WINDOW),
  };
  const { oursMs, peersMs, timesAsFast } = await compare(ours, python);
  return { what, peer, ours: oursMs, peers: peersMs, ratio: timesAsFast, goal, ok: timesAsFast >= 100 };
}

async function secondLook(folder: string, log: string, program: string): Promise<BenchRow> {
  const positions = join(folder, "positions.json");
  const first: Contender = { argv: look(program, log, positions), check: (stdout) => writeFileSync(positions, stdout) };
  const other: Contender = { argv: [process.execPath, "-e", "0"] };
  await compare(first, other, 0);
  const sizeBefore = statSync(log).size;
  appendFileSync(log, crashLine(END + 1000) + plainLine(END + 1001, 0).repeat(100));
  const newBytes = statSync(log).size - sizeBefore;
  let read = 0;
  const check = (stdout: string) => {
    expectMatches(1)(stdout);
    read = JSON.parse(stdout).bytesRead;
  };
  await compare({ argv: look(program, log, positions), check }, other, 0);
  const goal = "at most the new bytes and 64 KiB";
  const ok = read <= newBytes + 64 * 1024;
  const what = "bytes that a second look at it reads";
  return { what, peer: "the new bytes", ours: read, peers: newBytes, ratio: read / newBytes, goal, ok, unit: "bytes" };
}

function look(program: string, log: string, positions: string): [string, ...string[]] {
  return [process.execPath, program, log, String(END + 2000), String(WINDOW_MS), positions];
}

const expectMatches = (count: number) => (stdout: string) => {
  const { matches } = JSON.parse(stdout);
  if (matches !== count) throw new Error(`found ${matches} lines instead of ${count}`);
};

/** What a script does that has no place to go on from: every line, its time, and both pairs of words. */
const FULL_SCAN = `
import json, re, sys
since = sys.argv[2]
time = re.compile(r"(\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d)")
matches = 0
with open(sys.argv[1], errors="replace") as log:
    for line in log:
        found = time.search(line)
        if not found or found.group(1) < since:
            continue
        if ("tool_use_id" in line and "tool_result" in line) or ("FailoverError" in line and "is_error" in line):
            matches += 1
print(json.dumps({"matches": matches}))
`;

/** Ten days of a gateway: half JSON lines, half plain ones, harmless failures all along, and real ones of both kinds. */
function writeLog(path: string, bytes: number): void {
  const file = openSync(path, "w");
  const start = END - DAYS * 24 * 3600_000;
  const windowBytes = Math.round((bytes * WINDOW_MS) / (END - start));
  let written = 0;
  let block: string[] = [];
  for (let line = 0; written < bytes - windowBytes; line++) {
    const at = start + Math.floor((written / bytes) * (END - start - WINDOW_MS));
    const text = line % 50_000 === 7 ? crashLine(at) : line % 500 === 3 ? harmlessLine(at) : plainLine(at, line);
    block.push(text);
    written += text.length;
    if (block.length < 5000) continue;
    writeSync(file, block.join(""));
    block = [];
  }
  const lines = Math.max(20, Math.round(windowBytes / 330));
  for (let line = 0; line < lines; line++) {
    const at = END - WINDOW_MS + 1000 + Math.floor(((WINDOW_MS - 2000) * line) / lines);
    const isCrash = line % Math.ceil(lines / CRASHES_IN_WINDOW) === 5;
    block.push(isCrash ? crashLine(at) : line % 40 === 3 ? harmlessLine(at) : plainLine(at, line));
  }
  writeSync(file, block.join(""));
  closeSync(file);
}

function plainLine(at: number, line: number): string {
  const time = new Date(at).toISOString();
  const text = `run ${line} ${"finished after the usual time, nothing to report ".repeat(1 + (line % 9))}`;
  if (line % 2 === 0) return `${time} [agent/main] ${text}\n`;
  return `{"0":"{\\"subsystem\\":\\"gateway\\"}","1":"${text}","_meta":{"date":"${time}","logLevelName":"INFO"},"time":"${time}"}\n`;
}

function harmlessLine(at: number): string {
  return `${new Date(at).toISOString()} [memory] FailoverError: No API key found for provider "ollama".\n`;
}

function crashLine(at: number): string {
  return `${new Date(at).toISOString()} [agent/main] FailoverError: {"is_error":true,"result":"API Error: 400","number":${at}}\n`;
}

/** One plain file, as the product is built: what a TypeScript loader takes to start is not ours to count. */
async function bundleLook(outfile: string): Promise<void> {
  const contents = `
    import { readFileSync } from "node:fs";
    import { readLogs } from "../../src/gateway-log/read-logs.ts";
    const [log, now, windowMs, positionsFile] = process.argv.slice(2);
    let positions = {};
    try {
      positions = JSON.parse(readFileSync(positionsFile, "utf8")).positions;
    } catch {}
    const options = { now: Number(now), windowMs: Number(windowMs), signatures: [], ignore: [], env: process.env };
    const read = await readLogs([log], positions, options);
    console.log(JSON.stringify({ ...read, matches: read.matches.length }));`;
  const stdin = { contents, loader: "ts", resolveDir: import.meta.dirname } as const;
  const target = { platform: "node", format: "esm", target: "node20.19" } as const;
  await build({ stdin, outfile, bundle: true, external: ["fast-glob"], logLevel: "error", ...target });
}
