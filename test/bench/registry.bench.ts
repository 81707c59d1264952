import { randomUUID } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReportDocument } from "../../src/report/document.ts";
import { type Home, makeHome, readRegistryOf, sessionsFolder, writeRegistry } from "../support/home.ts";
import { type BenchRow, type Comparison, compare } from "./compare.ts";

const binary = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");
const ENTRIES = 7000;
const PROMPT_CHARACTERS = 28_000;
const HOLD_LIMIT_MS = 2000;
/** What a script in Node does to such a registry. */
const PEER = `const fs = require("node:fs"); const [path] = process.argv.slice(1);
  const registry = JSON.parse(fs.readFileSync(path, "utf8")); registry["agent:main:added"] = { updatedAt: 1 };
  const file = fs.openSync(path + ".new", "w"); fs.writeSync(file, JSON.stringify(registry, null, 2));
  fs.fsyncSync(file); fs.closeSync(file); fs.renameSync(path + ".new", path);`;

/** One forgotten transcript beside a registry of 200 MB: time, memory, and how long the gateway's writers have to wait. */
export async function registryBenchmark(): Promise<BenchRow[]> {
  const home = makeHome({ version: "2026.4.15" });
  try {
    const { path, orphan } = makeLargeRegistry(home);
    const original = join(home.root, "original.json");
    copyFileSync(path, original);
    const bytes = statSync(original).size;
    const prepare = () => {
      for (const name of readdirSync(sessionsFolder(home)))
        if (name.startsWith("sessions.json.")) rmSync(join(sessionsFolder(home), name));
      copyFileSync(original, path);
    };
    const holdsMs: number[] = [];
    const ours = {
      argv: [process.execPath, binary, "validate-registry", "--repair", "--json", ...home.args] as const,
      prepare,
      check: (printed: string) => {
        const { installations } = JSON.parse(printed) as ReportDocument;
        const [action] = installations.flatMap(({ actions }) => actions);
        if (action?.result !== "done") throw new Error(`the orphan was not entered: ${action?.result}`);
        const entries = Object.values(readRegistryOf(home));
        if (entries.length !== ENTRIES + 1 || entries.at(-1)?.sessionId !== orphan) throw new Error("a wrong registry");
        holdsMs.push(Number(action.detail?.holdMs));
      },
    };
    const peer = { argv: [process.execPath, "-e", PEER, path] as const, prepare };
    return rowsOf(await compare(ours, peer, 3), Math.max(...holdsMs), bytes);
  } finally {
    home.remove();
  }
}

function rowsOf(times: Comparison, longestHoldMs: number, bytes: number): BenchRow[] {
  const what = `validate-registry --repair, ${ENTRIES} entries, ${Math.round(bytes / 1e6)} MB`;
  const peer = "node, parse + stringify + fsync + rename";
  const { oursMs, peersMs, timesAsFast, oursPeakRssBytes, peersPeakRssBytes } = times;
  const ratio = oursPeakRssBytes / peersPeakRssBytes;
  const memory = oursPeakRssBytes > 0 ? { ok: oursPeakRssBytes <= 5 * bytes } : { ok: null, note: "no /proc here" };
  return [
    {
      ...{ what: `${what}, with a backup`, peer, ours: oursMs, peers: peersMs, ratio: oursMs / peersMs },
      ...{ goal: "at most 2x its time", ok: timesAsFast >= 0.5 },
    },
    {
      ...{ what: "its peak memory (RSS)", peer, ours: oursPeakRssBytes, peers: peersPeakRssBytes, ratio },
      ...{ goal: "at most 5x the file", unit: "bytes", ...memory },
    },
    {
      ...{ what: "its longest hold of the lock", peer, ours: longestHoldMs, peers: peersMs },
      ...{ ratio: longestHoldMs / peersMs, goal: "under 2 s", ok: longestHoldMs < HOLD_LIMIT_MS },
    },
  ];
}

/** All sessions are ten minutes old, and one of them has no entry. */
function makeLargeRegistry(home: Home): { path: string; orphan: string } {
  const atMs = Date.now() - 600_000;
  const line = 'Use it when "the user" asks for it.\n';
  const prompt = line.repeat(Math.ceil(PROMPT_CHARACTERS / line.length));
  mkdirSync(sessionsFolder(home), { recursive: true });
  const entries: Record<string, unknown> = {};
  for (let index = 0; index < ENTRIES; index += 1) {
    const sessionId = putTranscript(home, atMs);
    const sessionFile = join(sessionsFolder(home), `${sessionId}.jsonl`);
    const skillsSnapshot = { prompt, skills: [{ name: "made-up" }] };
    entries[`agent:main:telegram:direct:${index}`] = { sessionId, updatedAt: atMs, sessionFile, skillsSnapshot };
  }
  return { path: writeRegistry(home, entries), orphan: putTranscript(home, atMs) };
}

function putTranscript(home: Home, atMs: number): string {
  const id = randomUUID();
  const path = join(sessionsFolder(home), `${id}.jsonl`);
  const timestamp = new Date(atMs).toISOString();
  const message = { role: "user", content: [{ type: "text", text: "hello" }] };
  const rows = [
    { type: "session", version: 3, id, timestamp, cwd: home.workspace },
    { type: "message", id: "u0", parentId: null, timestamp, message },
  ];
  writeFileSync(path, `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`);
  utimesSync(path, atMs / 1000, atMs / 1000);
  return id;
}
