import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isAlive, startedAtOf } from "../host/processes.ts";
import { innerProcesses } from "../installation/sharers.ts";

/** Sessions that live Claude Code processes have registered, each with who that is in words, and its number where it is seen. */
export type LiveSessions = ReadonlyMap<string, { who: string; pid?: number }>;

/**
 * Reads what Claude Code's processes have registered in a home, and which of them live: here, or in containers that see the
 * home, by the numbers that they have in there. Where process ids are those of a container of which nothing can be seen, what
 * was registered lately counts.
 *
 * @param foreign undefined: process ids are our own; `sinceMs`: what is older than this (epoch ms) does not count as lately
 */
export function liveSessionsIn(home: string, foreign: { sinceMs: number } | undefined): LiveSessions {
  const folder = join(home, "sessions");
  const sessions = new Map<string, { who: string; pid?: number }>();
  let inside: Map<number, number[]> | undefined;
  for (const { pid, sessionId, atMs } of namesIn(folder).flatMap((name) => readRegistered(join(folder, name)))) {
    if (!foreign && isItself(pid, atMs)) {
      sessions.set(sessionId, { who: `Claude Code process ${pid} has it open`, pid });
      continue;
    }
    inside ??= innerProcesses(home);
    const here = inside.get(pid)?.find((one) => isItself(one, atMs));
    if (here !== undefined)
      sessions.set(sessionId, {
        who: `Claude Code process ${pid} of a container (${here} here) has it open`,
        pid: here,
      });
    else if (foreign && inside.size === 0 && atMs > foreign.sinceMs)
      sessions.set(sessionId, {
        who: `Claude Code process ${pid} of a container that cannot be seen from here may have it open`,
      });
  }
  return sessions;
}

function isItself(pid: number, atMs: number): boolean {
  const startedAt = startedAtOf(pid);
  return isAlive(pid) && !(startedAt !== undefined && startedAt > atMs + 2000);
}

type Registered = { pid: number; sessionId: string; atMs: number };

function readRegistered(path: string): Registered[] {
  const pid = Number(/\/(\d+)\.json$/.exec(path)?.[1]);
  if (!(pid > 0)) return [];
  try {
    const { sessionId } = JSON.parse(readFileSync(path, "utf8"));
    return typeof sessionId === "string" ? [{ pid, sessionId, atMs: statSync(path).mtimeMs }] : [];
  } catch {
    return []; // being written or removed
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
