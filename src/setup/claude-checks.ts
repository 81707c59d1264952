import { type Check, linesOf } from "./check.ts";
import type { ClaudeFacts } from "./claude-facts.ts";

const line = linesOf("Claude Code");

/** Which Claude Code it is, and when it deletes transcripts. Pure. */
export function checkClaude({ home, cleanup, written, installed }: ClaudeFacts, beforeSweepMs: number): Check[] {
  const { days, isSetOnPurpose, by } = cleanup;
  const versions = { written: written ?? null, installed: installed?.version ?? null };
  return [
    written === undefined && installed === undefined
      ? line("claude-version-unknown", "ok", {}, home)
      : line("claude-known", "ok", versions, installed?.path ?? home),
    isSetOnPurpose
      ? line("claude-sweep-chosen", "ok", { days }, home)
      : line("claude-sweeps", "advice", { days, beforeSweepMs, ...(by ? { by } : {}) }, home),
  ];
}
