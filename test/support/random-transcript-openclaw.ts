import type { Random } from "./random.ts";
import type { Conversation, TranscriptRow } from "./random-transcript.ts";

/** Rows of format version 3. */
export function openClawConversation(random: Random): Conversation {
  const { chance, integer, pick, letters, uuid, hex } = random;
  const sessionId = uuid();
  const rows: TranscriptRow[] = [];
  const prompts = new Set<string>();
  let atMs = Date.UTC(2026, 1, 1, 8);
  let tip: string | null = null;
  /** ends of turns, and the prompts, of this branch since the last compaction */
  let ends: string[] = [];
  let openings: { id: string; ends: number }[] = [];

  const tick = () => {
    atMs += integer(200, 9000);
    return new Date(atMs).toISOString();
  };
  const words = (count = integer(1, 12)) =>
    Array.from({ length: count }, () =>
      pick(["gate", 'say "so"', "füllen", "north", "日本", "🦞", "C:\\new", "a\nb", "ok"]),
    ).join(" ");
  const add = (type: string, rest: TranscriptRow) => {
    const id = hex(8);
    rows.push({ type, id, parentId: tip, timestamp: tick(), ...rest });
    tip = id;
    return id;
  };
  const message = (content: TranscriptRow) => add("message", { message: { ...content, timestamp: atMs } });
  const model = { api: "anthropic-messages", provider: "anthropic", model: "claude-opus-4-6" };
  const usage = { input: 9, output: 3, cacheRead: 0, cacheWrite: 0, totalTokens: 12, cost: { total: 0 } };
  const reply = (content: object[], stopReason: string, rest: TranscriptRow = {}) =>
    message({ role: "assistant", content, ...model, usage, stopReason, ...rest });
  const text = () => ({ type: "text", text: words() });
  const newCall = () => ({
    type: "toolCall",
    id: chance(0.7)
      ? `toolu_01${letters(22)}`
      : pick([`call_${letters(24)}|fc_${letters(20)}`, `call_${letters(20)}1`]),
    name: pick(["read", "exec", "write"]),
    arguments: { path: words(1) },
  });
  const aside = () =>
    pick([
      () => add("custom", { customType: "model-snapshot", data: { provider: "anthropic" } }),
      () => add("custom_message", { customType: "note", content: words(), display: false }),
      () => add("session_info", { name: words(2) }),
      () => add("model_change", { provider: "anthropic", modelId: "claude-opus-4-6" }),
      () => add("thinking_level_change", { thinkingLevel: "low" }),
      () => add("label", { targetId: tip, label: words(1) }),
      () => reply([text()], "stop", { provider: "openclaw", model: "delivery-mirror" }),
    ])();

  const step = () => {
    const calls = Array.from({ length: pick([1, 1, 1, 2, 2, 3]) }, newCall);
    const content: object[] = [];
    if (chance(0.3)) content.push({ type: "thinking", thinking: words(), thinkingSignature: letters(40) });
    if (chance(0.6)) content.push(text());
    reply([...content, ...calls], "toolUse");
    for (const { id, name } of chance(0.7) ? calls : calls.toReversed()) {
      if (chance(0.05)) add("custom", { customType: "progress", data: {} });
      message({ role: "toolResult", toolCallId: id, toolName: name, content: [text()], isError: chance(0.1) });
    }
  };
  const answer = () => {
    for (let left = pick([0, 0, 1, 1, 2, 3]); left > 0; left--) step();
    if (chance(0.1)) reply([], "error", { errorMessage: '529 {"type":"error","error":{"type":"overloaded_error"}}' });
    if (chance(0.1)) reply([text(), newCall()], "aborted", { errorMessage: "Request was aborted" });
    reply([text()], "stop");
    while (chance(0.15)) aside();
    ends.push(tip ?? "");
  };
  const turn = () => {
    const id = message({ role: "user", content: chance(0.3) ? words() : [text()] });
    prompts.add(id);
    openings.push({ id, ends: ends.length });
    answer();
  };
  /** Back to an earlier place: what came after it is left behind. */
  const fork = () => {
    const from = tip;
    if (chance(0.5)) {
      const at = integer(Math.max(0, ends.length - 4), ends.length - 1);
      tip = ends[at] ?? tip;
      ends = ends.slice(0, at + 1);
      openings = openings.filter((opening) => opening.ends <= at);
      if (chance(0.5)) add("branch_summary", { fromId: from, summary: words() });
      turn();
    } else {
      const opening = openings.at(-1);
      tip = opening?.id ?? tip;
      ends = ends.slice(0, opening?.ends ?? 0);
      answer();
    }
  };
  const compact = () => {
    const { id } = openings.at(-integer(1, Math.min(2, openings.length))) ?? {};
    add("compaction", { summary: words(), firstKeptEntryId: id, tokensBefore: 180_000, fromHook: false, details: {} });
    [ends, openings] = [[], []];
  };

  const target = integer(20, 200);
  const boundaries = pick([0, 1, 1, 2, 3]);
  rows.push({ type: "session", version: 3, id: sessionId, timestamp: tick(), cwd: "/home/bot/workspace" });
  add("model_change", { provider: model.provider, modelId: model.model });
  if (chance(0.7)) add("thinking_level_change", { thinkingLevel: "off" });
  while (chance(0.2)) aside();
  for (let done = 0; rows.length < target; ) {
    turn();
    if (chance(0.12)) fork();
    if (done < boundaries && openings.length > 0 && rows.length / target >= (done + 1) / (boundaries + 2)) {
      compact();
      done++;
    }
  }
  return { sessionId, rows, prompts };
}
