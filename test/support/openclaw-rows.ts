import type { ToolCall, Turn } from "./conversation.ts";
import type { Random } from "./random.ts";
import type { Chain, RowWriter } from "./transcript-generator.ts";

/** Rows of format version 3: a header, then a tree by `id` and `parentId`; a reply is one row with all its blocks. */
export function openClawRows(random: Random, chain: Chain): RowWriter {
  const link = <Rest extends object>(type: string, rest: Rest) => {
    const id = random.hex(8);
    const row = { type, id, parentId: chain.parent, timestamp: chain.tick(), ...rest };
    chain.parent = id;
    return row;
  };
  const message = (content: object) => {
    const row = link("message", { message: content });
    Object.assign(row.message, { timestamp: Date.parse(row.timestamp) });
    return row;
  };
  const user = (text: string) => message({ role: "user", content: [{ type: "text", text }] });
  const reply = (content: object[], stopReason: string) =>
    message({ role: "assistant", content, ...model, usage: usage(random), stopReason });
  const result = (toolCallId: string, toolName: string, content: object) =>
    message({ role: "toolResult", toolCallId, toolName, content: [content], isError: false });
  let latestPrompt: string | null = null;

  return {
    opening: () => [
      { type: "session", version: 3, id: chain.sessionId, timestamp: chain.tick(), cwd: chain.cwd },
      link("model_change", { provider: model.provider, modelId: model.model }),
      link("thinking_level_change", { thinkingLevel: "off" }),
      link("custom", { customType: "model-snapshot", data: { provider: model.provider } }),
    ],
    turn(turn: Turn) {
      const prompt = user(turn.prompt);
      latestPrompt = prompt.id;
      const rows: object[] = [prompt];
      for (const step of turn.steps) {
        const blocks: object[] = [];
        if (step.thinking) {
          blocks.push({ type: "thinking", thinking: step.thinking, thinkingSignature: step.signature });
        }
        if (step.text) blocks.push({ type: "text", text: step.text });
        for (const call of step.calls) blocks.push({ type: "toolCall", id: call.id, ...toolCall(call) });
        rows.push(reply(blocks, step.calls.length > 0 ? "toolUse" : "stop"));
        for (const call of step.calls) rows.push(result(call.id, toolCall(call).name, resultContent(call)));
      }
      return rows;
    },
    boundary: (summary) => [
      link("compaction", {
        summary,
        // what stays in the context besides the summary
        firstKeptEntryId: latestPrompt ?? chain.parent,
        tokensBefore: random.integer(150_000, 180_000),
        fromHook: false,
        details: {},
      }),
    ],
    orphan: (id) => [result(id, "read", { type: "text", text: "ok" })],
    closing: (text) => [user("Go on."), reply([{ type: "text", text }], "stop")],
  };
}

const model = { api: "anthropic-messages", provider: "anthropic", model: "claude-opus-4-6" };

function toolCall(call: ToolCall): { name: string; arguments: object } {
  const { path, text } = call;
  const half = Math.floor(text.length / 2);
  switch (call.kind) {
    case "read":
    case "image":
      return { name: "read", arguments: { path } };
    case "shell":
      return { name: "exec", arguments: { command: text } };
    case "write":
      return { name: "write", arguments: { path, content: text } };
    case "patch":
      return { name: "apply_patch", arguments: { input: patchOf(path, text) } };
    default:
      return { name: "edit", arguments: { path, oldText: text.slice(0, half), newText: text.slice(half) } };
  }
}

function patchOf(path: string, text: string): string {
  const added = text.split("\n").map((line) => `+${line}`);
  return ["*** Begin Patch", `*** Update File: ${path}`, "@@", ...added, "*** End Patch"].join("\n");
}

function resultContent(call: ToolCall): object {
  if (call.kind === "image") return { type: "image", data: call.output, mimeType: "image/png" };
  return { type: "text", text: call.output };
}

const usage = (random: Random) => ({
  input: random.integer(1, 9),
  output: random.integer(1, 2000),
  cacheRead: random.integer(9000, 150_000),
  cacheWrite: random.integer(0, 9000),
  totalTokens: random.integer(9000, 160_000),
  cost: { total: random.integer(1, 900) / 1000 },
});
