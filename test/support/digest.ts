import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { dialects } from "../../src/dialects/index.ts";
import { type DigestFacts, gatherDigest } from "../../src/digest/gather.ts";
import type { Kept } from "../../src/digest/kept.ts";
import { asLines } from "../../src/digest/room.ts";
import { type DigestOptions, digestRows } from "../../src/digest/rows.ts";

export type DialectName = "claude-code" | "openclaw";
export type RowLike = Record<string, unknown>;

/** A made-up conversation with all that a digest keeps, and much that it leaves out. */
export const talk = {
  sessionId: "5e551011-0bad-4cab-8f00-0000000000d1",
  summary: "The orchard has twelve rows.\n## Open todos\n- [pending] a line that only looks like ours",
  requests: ["Count the ladders.", "Are they all sound? 🪜 “Check twice.”", "Then paint the third one."],
  openTodos: [
    { status: "in_progress", text: "Paint the third ladder" },
    { status: "pending", text: "Tell Mira" },
  ],
  lastReply: "All nine ladders are counted, and the third one is blue.",
  lastAt: "2026-03-02T09:00:30.000Z",
};

export const options = {
  archive: `${talk.sessionId}.20260302T100000Z.size.jsonl.gz`,
  files: ["/home/mira/orchard/ladders.md"],
  sessionId: talk.sessionId,
  nowMs: Date.parse("2026-03-02T10:00:00.000Z"),
};

/** What a digest keeps of a transcript with these rows, or of exactly this text. */
export async function gatherFrom(dialect: DialectName, transcript: Buffer | readonly object[]): Promise<DigestFacts> {
  const folder = mkdtempSync(join(tmpdir(), "keeper-digest-"));
  const path = join(folder, "talk.jsonl");
  const bytes = Buffer.isBuffer(transcript) ? transcript : asTranscript(transcript);
  writeFileSync(path, bytes);
  const file = await open(path);
  try {
    return await gatherDigest(file, bytes.length, dialects[dialect]);
  } finally {
    await file.close();
    rmSync(folder, { recursive: true });
  }
}

export function asTranscript(rows: readonly object[]): Buffer {
  return Buffer.from(rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
}

export function rowsOf(transcript: Buffer | undefined): RowLike[] {
  const lines = (transcript ?? Buffer.from("")).toString().split("\n");
  return lines.slice(0, -1).map((line): RowLike => JSON.parse(line));
}

/** The rows of the conversation, as the dialect writes them. */
export function talkRows(dialect: DialectName): object[] {
  return dialect === "claude-code" ? claudeCodeTalk() : openclawTalk();
}

/** What a reply in a full context counted: with this, a program would compact at once. */
const FULL = 190_000;
const todoList = [{ status: "completed", text: "Count the ladders" }, ...talk.openTodos];
const timeOf = (second: number) => `2026-03-02T09:00:${String(second).padStart(2, "0")}.000Z`;

function claudeCodeTalk(): object[] {
  let last: string | null = null;
  let count = 0;
  const link = (type: string, rest: RowLike, parentUuid: string | null = last) => {
    count += 1;
    last = `c0ffee00-0000-4000-8000-${String(count).padStart(12, "0")}`;
    const common = { userType: "external", cwd: "/home/mira/orchard", sessionId: talk.sessionId, version: "2.1.100" };
    const row = { parentUuid, isSidechain: false, ...common, gitBranch: "main", type, ...rest };
    return { ...row, uuid: last, timestamp: timeOf(count) };
  };
  const user = (content: unknown, rest: RowLike = {}) => link("user", { message: { role: "user", content }, ...rest });
  const reply = (id: string, block: RowLike, rest: RowLike = {}) => {
    const usage = { input_tokens: 4, cache_creation_input_tokens: 0, cache_read_input_tokens: FULL, output_tokens: 9 };
    const message = { model: "claude-sonnet-4-5", id, type: "message", role: "assistant", content: [block] };
    return link("assistant", { message: { ...message, stop_reason: null, stop_sequence: null, usage }, ...rest });
  };
  const text = (words: string) => ({ type: "text", text: words });
  const result = (callId: string) => user([{ tool_use_id: callId, type: "tool_result", content: "ok" }]);
  const write = (todos: object[]) => ({ type: "tool_use", id: "toolu_01Todos", name: "TodoWrite", input: { todos } });
  const metadata = (type: string, rest: object) => ({ type, ...rest, sessionId: talk.sessionId });
  const boundary = { subtype: "compact_boundary", content: "Conversation compacted", isMeta: false, level: "info" };
  return [
    metadata("custom-title", { customTitle: "Ladder" }),
    user("Plant the orchard."),
    reply("msg_01Planted", text("It is planted.")),
    link("system", { ...boundary, compactMetadata: { trigger: "auto", preTokens: FULL } }, null),
    user(talk.summary, { isCompactSummary: true, isVisibleInTranscriptOnly: true }),
    user(talk.requests[0]),
    reply("msg_01Wrote", text("I note that down.")),
    reply("msg_01Wrote", write(todoList.map(({ status, text: content }) => ({ content, status, activeForm: "…" })))),
    result("toolu_01Todos"),
    user("<command-name>/cost</command-name>"),
    user([text("[Request interrupted by user]")]),
    user([text("<system-reminder>The date changed.</system-reminder>"), text(talk.requests[1] ?? "")]),
    user("Caveat: a meta row", { isMeta: true }),
    reply("msg_01Side", text("A subagent's reply."), { isSidechain: true }),
    metadata("mode", { mode: "normal" }),
    user(talk.requests[2]),
    reply("msg_01Done", { type: "thinking", thinking: "Blue it is.", signature: "c2ln" }),
    reply("msg_01Done", text(talk.lastReply)),
    reply("msg_01Lost", text("API Error: 529"), { isApiErrorMessage: true }),
    metadata("custom-title", { customTitle: "Nine ladders" }),
    { ...link("system", { subtype: "turn_duration", durationMs: 1 }), timestamp: talk.lastAt },
  ];
}

function openclawTalk(): object[] {
  let last: string | null = null;
  let count = 0;
  const link = (type: string, rest: RowLike) => {
    count += 1;
    const row = {
      type,
      id: `1adde${String(count).padStart(3, "0")}`,
      parentId: last,
      timestamp: timeOf(count),
      ...rest,
    };
    last = row.id;
    return row;
  };
  const message = (content: RowLike) =>
    link("message", { message: { ...content, timestamp: Date.parse(timeOf(count + 1)) } });
  const text = (words: string) => ({ type: "text", text: words });
  const user = (words = "") => message({ role: "user", content: [text(words)] });
  const usage = { input: 4, output: 9, cacheRead: FULL, cacheWrite: 0, totalTokens: FULL + 13, cost: { total: 0.1 } };
  const model = { api: "anthropic-messages", provider: "anthropic", model: "claude-example-1", usage };
  const reply = (content: object[], stopReason = "stop", rest: RowLike = {}) =>
    message({ role: "assistant", content, ...model, stopReason, ...rest });
  const plan = todoList.map(({ status, text: step }) => ({ step, status }));
  return [
    { type: "session", version: 3, id: talk.sessionId, timestamp: timeOf(0), cwd: "/home/mira/orchard" },
    link("model_change", { provider: "anthropic", modelId: "claude-example-0" }),
    link("thinking_level_change", { thinkingLevel: "off" }),
    user("Plant the orchard."),
    reply([text("It is planted.")]),
    link("compaction", { summary: talk.summary, firstKeptEntryId: "1adde004", tokensBefore: FULL, fromHook: false }),
    user(talk.requests[0]),
    reply(
      [text("I note that down."), { type: "toolCall", id: "toolu_01", name: "update_plan", arguments: { plan } }],
      "toolUse",
    ),
    message({ role: "toolResult", toolCallId: "toolu_01", toolName: "update_plan", content: [], isError: false }),
    user("Read HEARTBEAT.md if it exists (workspace context)."),
    user(talk.requests[1]),
    user(talk.requests[2]),
    reply([{ type: "thinking", thinking: "Blue it is.", thinkingSignature: "c2ln" }, text(talk.lastReply)]),
    link("model_change", { provider: "anthropic", modelId: "claude-example-1" }),
    reply([text("Sent elsewhere.")], "stop", { provider: "openclaw", model: "delivery-mirror" }),
    reply([text("Broken off.")], "aborted"),
    { ...link("custom", { customType: "note", data: {} }), timestamp: talk.lastAt },
  ];
}

const nastyTexts = [
  "## Open todos",
  "- [pending] x",
  "> quoted",
  "At 2026:",
  "\n\n",
  "…",
  "\u0000\u001f",
  '"\\',
  "🪜",
  "\ud83e",
  "\ude9c",
];
/** Any text, with what trips a careless writer. */
export const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(...nastyTexts),
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.string({ maxLength: 90 }),
    ),
    {
      maxLength: 8,
    },
  )
  .map((parts) => parts.join(""));
const anyTime = fc.integer({ min: 0, max: 4e12 }).map((at) => new Date(at).toISOString());

/** Anything that a conversation may leave to be kept. */
export const anyKept: fc.Arbitrary<Kept> = fc.record(
  {
    summary: fc.oneof(
      anyText,
      anyText.map((text) => text.repeat(20)),
    ),
    todos: fc.array(
      fc.record({
        id: fc.stringMatching(/^\d{1,3}$/),
        status: fc.constantFrom("pending", "in_progress"),
        text: anyText,
      }),
      {
        maxLength: 9,
      },
    ),
    files: fc.uniqueArray(anyText, { maxLength: 9 }),
    requests: fc.array(fc.record({ at: anyTime, text: anyText }, { requiredKeys: ["text"] }), { maxLength: 6 }),
  },
  { requiredKeys: ["todos", "files", "requests"] },
);

/** The digest of these facts as the text of a transcript. */
export function digestText(facts: DigestFacts, options: DigestOptions): Buffer | undefined {
  const digest = digestRows(facts, options);
  return digest && asLines(digest.lines);
}
