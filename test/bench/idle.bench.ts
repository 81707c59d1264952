import { appendFileSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { projectNamesOf } from "../../src/installation/paths.ts";
import {
  addClaudeSession,
  addOpenClawSession,
  boundEntry,
  type Home,
  makeHome,
  writeRegistry,
} from "../support/home.ts";
import { type BenchRow, compare, isInstalled, skippedRow } from "./compare.ts";

const SESSIONS = 100;
const LOG_BYTES = 1_000_000;

/** A crontab's usual case: a healthy home of a hundred sessions, in which there is nothing to do. */
export async function idleBenchmark(): Promise<BenchRow[]> {
  const home = healthyHome();
  try {
    const binary = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");
    const ours = {
      argv: [process.execPath, binary, "rotate", ...home.args] as const,
      env: { PATH: process.env.PATH ?? "" },
      check: (printed: string) => {
        if (printed !== "") throw new Error("an idle run must be silent");
        if (existsSync(join(home.claude, "session-archives", "catalog.jsonl")))
          throw new Error("an idle run must not archive");
      },
    };
    const floor = await compare(ours, { argv: [process.execPath, "-e", "0"] }, 15);
    return [
      {
        what: `idle rotate, ${SESSIONS} sessions`,
        peer: "node -e 0",
        ours: floor.oursMs,
        peers: floor.peersMs,
        ratio: floor.oursMs / floor.peersMs,
        goal: "at most 2x its time",
        ok: floor.oursMs <= 2 * floor.peersMs,
      },
      await againstScript(home, ours),
    ];
  } finally {
    home.remove();
  }
}

async function againstScript(home: Home, ours: Parameters<typeof compare>[0]): Promise<BenchRow> {
  const what = `idle rotate, ${SESSIONS} sessions, 1 MB log`;
  const goal = "at least 2x as fast";
  const peer = "the usual script (bash, python3)";
  if (!isInstalled("python3")) return skippedRow(what, "python3", goal);
  const script = join(import.meta.dirname, "baseline-rotate.sh");
  const project = projectNamesOf(home.workspace)[0] ?? "";
  const times = await compare(ours, { argv: ["bash", script, home.root, project, home.log] }, 15);
  return {
    what,
    peer,
    ours: times.oursMs,
    peers: times.peersMs,
    ratio: times.timesAsFast,
    goal,
    ok: times.timesAsFast >= 2,
  };
}

function healthyHome(): Home {
  const home = makeHome();
  const entries: Record<string, unknown> = {};
  for (let index = 0; index < SESSIONS / 2; index += 1) {
    const own = addOpenClawSession(home, { bytes: 20_000 });
    const { sessionId } = addClaudeSession(home, { bytes: 20_000 });
    entries[`agent:main:telegram:group:${index}`] = boundEntry(sessionId, {
      sessionId: own.sessionId,
      sessionFile: own.path,
    });
  }
  writeRegistry(home, entries);
  for (let at = Date.now() - 86_400_000; (statSync(home.log).size || 0) < LOG_BYTES; at += 5_000_000)
    appendFileSync(home.log, logLines(at));
  if (readFileSync(home.log, "utf8").includes("is_error")) throw new Error("the log must be healthy");
  return home;
}

/** An hour and more of a quiet gateway. */
function logLines(at: number): string {
  return Array.from(
    { length: 600 },
    (_, index) =>
      `${new Date(at + index * 1000).toISOString()} [gateway] heartbeat ok, ${index} sessions, nothing to tell\n`,
  ).join("");
}
