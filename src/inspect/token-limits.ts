import type { FileHandle } from "node:fs/promises";
import type { Settings } from "../config/settings.ts";
import { asRow } from "../dialects/dialect.ts";
import type { Transcript } from "../installation/installation.ts";
import { hasFreshTokens } from "../registry/read.ts";
import { readSessionKey } from "../registry/session-key.ts";
import { parseRow } from "../transcript/contents.ts";
import { readLinesBackwards } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";

/** How full a session's context is. `from`: its registry entry's counter, or the last reply in its transcript. */
export type Tokens = { tokens: number; from: "entry" | "transcript"; warning: number; critical: number };

/** A reply without its usage may follow on one that has it; so many are looked at. */
const REPLIES = 20;

/**
 * How many tokens a session's context holds, against the limits of its kind. The entry's counter counts unless it says itself
 * that it is stale; then, or without one, the usage of the last reply.
 */
export async function tokensOf(
  key: string,
  entry: Record<string, unknown>,
  transcript: Transcript | undefined,
  { registry, mainKey }: { registry: Settings["registry"]; mainKey: string },
): Promise<Tokens | undefined> {
  const chatType = typeof entry.chatType === "string" ? entry.chatType : undefined;
  const { kind } = readSessionKey(key, { mainKey, chatType });
  const [warning, critical] = registry.tokens[kind === "group" ? "group" : kind === "direct" ? "dm" : "main"];
  if (hasFreshTokens(entry)) return { tokens: entry.totalTokens, from: "entry", warning, critical };
  const used =
    transcript?.dialect === "openclaw" && transcript.kind === "file" ? await lastUsage(transcript) : undefined;
  return used === undefined ? undefined : { tokens: used, from: "transcript", warning, critical };
}

async function lastUsage({ path, fingerprint }: Transcript): Promise<number | undefined> {
  let file: FileHandle | undefined;
  try {
    file = await openTranscript(path, fingerprint);
    let replies = 0;
    for await (const line of readLinesBackwards(file, fingerprint.sizeBytes)) {
      const row = parseRow(line);
      if (row?.type === "compaction") return undefined; // what stands before it is not sent any more
      const message = asRow(row?.message);
      if (message.role !== "assistant") continue;
      const tokens = contextOf(asRow(message.usage));
      replies += 1;
      if (tokens !== undefined || replies === REPLIES) return tokens;
    }
    return undefined;
  } catch {
    return undefined; // that it cannot be read is told elsewhere
  } finally {
    await file?.close();
  }
}

/** What was sent for that reply, and the reply itself. */
function contextOf(usage: Record<string, unknown>): number | undefined {
  const count = (name: string) => (typeof usage[name] === "number" ? (usage[name] as number) : 0);
  const sum = count("input") + count("cacheRead") + count("cacheWrite") + count("output");
  const total = Math.max(sum, count("totalTokens"));
  return total > 0 ? total : undefined;
}
