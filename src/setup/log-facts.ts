import { statSync } from "node:fs";
import { errnoOf } from "../errors.ts";
import { logFilesOf } from "../gateway-log/log-files.ts";
import { runCommand } from "../host/command.ts";
import { findObstacle } from "./access.ts";

const LIMIT_MS = 10_000;

/** A gateway log as it was configured or found, and what is there. Times in epoch ms. */
export type LogFact = { source: string; isConfigured: boolean } & (
  | { state: "readable"; path: string; sizeBytes: number; mtimeMs: number }
  | { state: "unreadable"; path: string; errno: string }
  | { state: "missing" }
  | { state: "journal"; hasLines: boolean }
  | { state: "journal-failed"; says: string }
);

/** Looks at each log: of a pattern at the file that was written to last. Of a journal only whether it answers. */
export async function gatherLogs(
  sources: readonly string[],
  isConfigured: boolean,
  env: NodeJS.ProcessEnv,
): Promise<LogFact[]> {
  const facts: LogFact[] = [];
  for (const source of sources)
    facts.push({
      source,
      isConfigured,
      ...(source.startsWith("journal:")
        ? await askJournal(source.slice("journal:".length), env)
        : await lookAtLog(source)),
    });
  return facts;
}

type State<Fact> = Fact extends unknown ? Omit<Fact, "source" | "isConfigured"> : never;

async function lookAtLog(source: string): Promise<State<LogFact>> {
  try {
    const files = (await logFilesOf(source)).flatMap((path) => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats ? [{ path, sizeBytes: stats.size, mtimeMs: stats.mtimeMs }] : [];
    });
    const newest = files.toSorted((a, b) => b.mtimeMs - a.mtimeMs)[0];
    if (!newest) return { state: "missing" };
    const obstacle = findObstacle(newest.path, "read");
    return obstacle
      ? { state: "unreadable", path: newest.path, errno: obstacle.errno }
      : { state: "readable", ...newest };
  } catch (error) {
    return { state: "unreadable", path: source, errno: errnoOf(error) ?? "unknown" };
  }
}

async function askJournal(unit: string, env: NodeJS.ProcessEnv): Promise<State<LogFact>> {
  const argv = ["journalctl", "--no-pager", "--quiet", "--lines=1", "--output=export", "-u", unit, "--user-unit", unit];
  const { status, stdout, stderr, failure, timedOut } = await runCommand(argv, {
    timeoutMs: LIMIT_MS,
    env: { ...env, LC_ALL: "C" },
  });
  if (status === 0) return { state: "journal", hasLines: stdout !== "" };
  const says = failure ?? (timedOut ? `no answer within ${LIMIT_MS / 1000} s` : (stderr.trim().split("\n")[0] ?? ""));
  return { state: "journal-failed", says };
}
