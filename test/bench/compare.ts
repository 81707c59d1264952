import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** One line of the benchmark's table. */
export type BenchRow = {
  what: string;
  peer: string;
  /** median ms, or bytes where `unit` says so */
  ours: number;
  peers: number;
  /** the figure that the goal bounds: peers / ours where "as fast as" is asked for, else ours / peers */
  ratio: number;
  goal: string;
  /** null: skipped, the note says why */
  ok: boolean | null;
  note?: string;
  unit?: "ms" | "bytes";
};

export type Contender = {
  argv: readonly [string, ...string[]];
  env?: Record<string, string>;
  /** runs before each round, not timed */
  prepare?: () => void | Promise<void>;
  /** what it ends with when all is well; default 0 */
  status?: number;
  /** gets what the command printed; throws when the answer is wrong. Not timed: speed without the answer is none */
  check?: (stdout: string) => void | Promise<void>;
};

/** Takes the peak memory of one run (bytes; 0 where /proc does not tell). */
export async function peakRssOf(contender: Contender): Promise<number> {
  return (await runOnce(contender, true)).peakRssBytes;
}

export type Comparison = {
  /** median wall time, process start included */
  oursMs: number;
  peersMs: number;
  /** peers / ours */
  timesAsFast: number;
  /** highest RSS in the warm-up, of the command itself without its children; 0 where /proc does not tell */
  oursPeakRssBytes: number;
  peersPeakRssBytes: number;
};

/**
 * Runs two commands in turn (A B A B …), so that a busy minute of the machine hits both, and compares the medians. Each
 * is warmed up once. Both run without NODE_EXTRA_CA_CERTS, which costs every start of Node 20 as much again and
 * is not set under cron, and without NODE_OPTIONS.
 *
 * @param rounds how often each command is timed
 * @throws when a command fails or an answer is wrong
 */
export async function compare(ours: Contender, peer: Contender, rounds = 5): Promise<Comparison> {
  const warmUp = { ours: await runOnce(ours, true), peer: await runOnce(peer, true) };
  const times = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push((await runOnce(ours)).ms);
    times.peer.push((await runOnce(peer)).ms);
  }
  const [oursMs, peersMs] = [median(times.ours), median(times.peer)];
  return {
    oursMs,
    peersMs,
    timesAsFast: peersMs / oursMs,
    oursPeakRssBytes: warmUp.ours.peakRssBytes,
    peersPeakRssBytes: warmUp.peer.peakRssBytes,
  };
}

export function isInstalled(program: string): boolean {
  return spawnSync("sh", ["-c", 'command -v "$1"', "sh", program], { stdio: "ignore" }).status === 0;
}

/** A row for a peer that is not there. */
export function skippedRow(what: string, peer: string, goal: string): BenchRow {
  const program = peer.split(" ")[0];
  return { what, peer, ours: 0, peers: 0, ratio: 0, goal, ok: null, note: `${program} is not installed` };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}

async function runOnce(contender: Contender, watchMemory = false): Promise<{ ms: number; peakRssBytes: number }> {
  await contender.prepare?.();
  const [command, ...rest] = contender.argv;
  const { NODE_EXTRA_CA_CERTS, NODE_OPTIONS, ...environment } = process.env;
  const started = performance.now();
  const child = spawn(command, rest, {
    env: { ...environment, ...contender.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let peakRssBytes = 0;
  // The kernel keeps the high-water mark; only what is reached in the last moment can be missed.
  const watch = watchMemory
    ? setInterval(() => {
        peakRssBytes = Math.max(peakRssBytes, highestRssBytes(child.pid));
      }, 2)
    : undefined;
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    output.stderr += text;
  });
  const status = await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
  const ms = performance.now() - started;
  clearInterval(watch);
  if (status !== (contender.status ?? 0))
    throw new Error(`${contender.argv.join(" ")} ended with ${status}: ${output.stderr.slice(-500)}`);
  await contender.check?.(output.stdout);
  return { ms, peakRssBytes };
}

function highestRssBytes(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0; // ended between two looks, or no /proc here
  }
}
