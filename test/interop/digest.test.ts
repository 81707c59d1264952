import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { digestText, gatherFrom, options, rowsOf, talk, talkRows } from "../support/digest.ts";
import type { Message } from "./claude-code/messages-api.ts";
import { rejectionsOf } from "./claude-code/rejections.ts";
import { resume } from "./claude-code/resume.ts";
import type { Opened } from "./open-transcript.ts";
import { installClaudeCode, installOpenClaw } from "./packages.ts";
import { copyState, runScript } from "./state.ts";

const SIZES = [2_500, 16_000];

describe.each(["2.0.76", "2.1.50", "2.1.112", "2.1.329"])("Claude Code %s", (version) => {
  test.for(SIZES)(
    "a digest of %d bytes resumes under the same id: its words, then the last reply",
    async (limitBytes, { skip }) => {
      const claude = await installClaudeCode(version);
      if ("missing" in claude) return skip(claude.missing);
      const rows = await digestOf("claude-code", limitBytes);
      const messages = await resume(claude, rows, talk.sessionId);
      expect(rejectionsOf(messages)).toEqual([]);
      expect(messages.map(wordsOf).join("\n")).toContain(contentOf(rows));
      expect(messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
      expect(wordsOf(messages[1] as Message)).toContain(talk.lastReply);
    },
  );
});

describe.each(["2026.2.9", "2026.4.15", "2026.6.11"])("OpenClaw %s", (version) => {
  test("opens a digest, rebuilds its words and the last reply, and leaves the file as it is", async ({ skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    const state = copyState(version);
    try {
      const folder = join(state.openclaw, "agents", "digest", "sessions");
      mkdirSync(folder, { recursive: true });
      const made = await Promise.all(SIZES.map((limitBytes) => digestOf("openclaw", limitBytes)));
      const paths = made.map((rows, index) => {
        const path = join(folder, `${talk.sessionId.slice(0, -1)}${index}.jsonl`);
        writeFileSync(path, rows);
        return path;
      });
      const printed = await runScript("open-transcript.ts", openclaw, state, "--prepare", ...paths);
      const results = printed.trimEnd().split("\n");
      for (const [index, rows] of made.entries()) {
        const opened: Opened = JSON.parse(results[index] ?? "");
        if ("error" in opened) throw new Error(opened.error);
        expect(opened.file).toBe(rows.toString());
        const summary = contentOf(rows);
        const expected = [{ role: "compactionSummary", summary }, { role: "assistant" }];
        expect(opened.context).toMatchObject(expected);
        expect(JSON.stringify(opened.context[1])).toContain(talk.lastReply);
        expect(opened.withNext).toMatchObject([...expected, { role: "user" }]);
      }
    } finally {
      state.remove();
    }
  });
});

async function digestOf(dialect: "claude-code" | "openclaw", limitBytes: number): Promise<Buffer> {
  const rows = digestText(await gatherFrom(dialect, talkRows(dialect)), { ...options, limitBytes });
  if (!rows) throw new Error("no digest could be made");
  expect(rows.length).toBeLessThanOrEqual(limitBytes);
  return rows;
}

/** The digest's words, as the row holds them. */
function contentOf(rows: Buffer): unknown {
  const row = rowsOf(rows).find(({ isCompactSummary, type }) => isCompactSummary || type === "compaction");
  const { summary, message } = (row ?? {}) as { summary?: string; message?: Message };
  return summary ?? message?.content;
}

function wordsOf({ content }: Message): string {
  return typeof content === "string" ? content : content.map(({ text }) => text ?? "").join("\n");
}
