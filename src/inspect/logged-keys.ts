import { sessionKeysIn } from "../derive/key-lines.ts";
import { logFilesOf } from "../gateway-log/log-files.ts";
import { openLog, readAt } from "../gateway-log/open-log.ts";
import { readJournal } from "../gateway-log/read-journal.ts";
import { scanLines } from "../gateway-log/scan-lines.ts";
import type { RegistryContext } from "./registry.ts";

/** What of a log is read: its end, and of several only the newest. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_FILES = 8;
const BLOCK_BYTES = 1024 * 1024;
const JOURNAL = "journal:";
const JOURNAL_MS = 7 * 86_400_000;
const JOURNAL_TIMEOUT_MS = 10_000;

/** Words of the lines that name a session's key, its id, or the run that links them. */
const NEEDLES = ["sessionKey", "sessionId=", "lane=session:"];

/** The session keys that the gateway's logs name, by session id. A log that cannot be read tells nothing. */
export async function keysInLogs(
  sources: readonly string[],
  { nowMs, env, signal }: Pick<RegistryContext, "nowMs" | "env" | "signal">,
): Promise<Map<string, string>> {
  const lines: string[] = [];
  const take = (line: string) => lines.push(line);
  for (const source of new Set(sources)) {
    signal.throwIfAborted();
    try {
      if (source.startsWith(JOURNAL)) {
        const options = { since: nowMs - JOURNAL_MS, now: nowMs, needles: NEEDLES, env, signal, onLine: take };
        await readJournal(source.slice(JOURNAL.length), undefined, { ...options, timeoutMs: JOURNAL_TIMEOUT_MS });
      } else {
        for (const path of (await logFilesOf(source)).slice(-MOST_FILES)) await readEnd(path, take);
      }
    } catch {
      // that it cannot be read is told where logs are what matters
    }
  }
  return sessionKeysIn(lines);
}

async function readEnd(path: string, take: (line: string) => void): Promise<void> {
  const log = await openLog(path);
  if (!log) return;
  try {
    const { size } = log.stats;
    const from = Math.max(0, size - MOST_BYTES);
    const scanner = scanLines(NEEDLES, { offset: from, at: undefined }, ({ line }) => take(line));
    const buffer = Buffer.alloc(BLOCK_BYTES);
    for (let at = from; at < size; ) {
      const bytesRead = await readAt(log, buffer, at);
      if (bytesRead === 0) break;
      scanner.push(buffer.subarray(0, bytesRead));
      at += bytesRead;
    }
    scanner.end(true);
  } finally {
    log.handle.close();
  }
}
