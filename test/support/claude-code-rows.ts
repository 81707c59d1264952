import type { ToolCall, Turn } from "./conversation.ts";
import type { Random } from "./random.ts";
import type { Chain, RowWriter } from "./transcript-generator.ts";

/** Rows as Claude Code 2.1.50 writes them: one for each block of a reply, results hung off the row of their call. */
export function claudeCodeRows(random: Random, chain: Chain): RowWriter {
  const common = {
    userType: "external",
    cwd: chain.cwd,
    sessionId: chain.sessionId,
    version: "2.1.50",
    gitBranch: "main",
  };
  const link = (type: string, rest: object, parent = chain.parent) => {
    const uuid = random.uuid();
    chain.parent = uuid;
    return { parentUuid: parent, isSidechain: false, ...common, type, ...rest, uuid, timestamp: chain.tick() };
  };
  const user = (content: unknown, rest: object = {}, parent = chain.parent) =>
    link("user", { message: { role: "user", content }, ...rest }, parent);
  const reply = () => {
    const message = { model: "claude-opus-4-6", id: `msg_01${random.letters(22)}`, type: "message", role: "assistant" };
    const requestId = `req_011${random.letters(21)}`;
    const ending = { stop_reason: null, stop_sequence: null, usage: usage(random) };
    return (block: object) => link("assistant", { message: { ...message, content: [block], ...ending }, requestId });
  };
  const result = (call: ToolCall, parent: string) =>
    user(
      [{ tool_use_id: call.id, type: "tool_result", content: resultContent(call), is_error: false }],
      { toolUseResult: resultCopy(call), sourceToolAssistantUUID: parent },
      parent,
    );

  return {
    opening: () => [],
    turn(turn: Turn) {
      const snapshot = { messageId: random.uuid(), trackedFileBackups: {}, timestamp: chain.tick() };
      const rows: object[] = [
        { type: "file-history-snapshot", messageId: snapshot.messageId, snapshot, isSnapshotUpdate: false },
        user(turn.prompt),
      ];
      for (const step of turn.steps) {
        const block = reply();
        if (step.thinking) rows.push(block({ type: "thinking", thinking: step.thinking, signature: step.signature }));
        if (step.text) rows.push(block({ type: "text", text: step.text }));
        const uses = step.calls.map((call) => ({
          call,
          row: block({ type: "tool_use", id: call.id, ...toolUse(call) }),
        }));
        rows.push(...uses.map(({ row }) => row), ...uses.map(({ call, row }) => result(call, row.uuid)));
      }
      return rows;
    },
    boundary(summary) {
      const compacted = {
        subtype: "compact_boundary",
        content: "Conversation compacted",
        isMeta: false,
        level: "info",
      };
      const compactMetadata = { trigger: "auto", preTokens: random.integer(150_000, 165_000) };
      const logicalParentUuid = chain.parent;
      const content = `This session is being continued from a previous conversation. ${summary}`;
      return [
        link("system", { ...compacted, logicalParentUuid, compactMetadata }, null),
        user(content, { isVisibleInTranscriptOnly: true, isCompactSummary: true }),
      ];
    },
    orphan: (id) => [user([{ tool_use_id: id, type: "tool_result", content: "ok" }], { toolUseResult: "ok" })],
    closing: (text) => [user("Go on."), reply()({ type: "text", text })],
  };
}

function toolUse(call: ToolCall): { name: string; input: object } {
  const file_path = call.path;
  const half = Math.floor(call.text.length / 2);
  const edit = { old_string: call.text.slice(0, half), new_string: call.text.slice(half) };
  switch (call.kind) {
    case "read":
    case "image":
      return { name: "Read", input: { file_path } };
    case "shell":
      return { name: "Bash", input: { command: call.text, description: "Look for it" } };
    case "edit":
      return { name: "Edit", input: { file_path, ...edit } };
    case "write":
      return { name: "Write", input: { file_path, content: call.text } };
    case "patch":
      return { name: "MultiEdit", input: { file_path, edits: [edit] } };
    case "notebook":
      return { name: "NotebookEdit", input: { notebook_path: file_path, cell_id: "c1", new_source: call.text } };
  }
}

function resultContent(call: ToolCall): unknown {
  if (call.kind !== "image") return call.output;
  return [{ type: "image", source: { type: "base64", media_type: "image/png", data: call.output } }];
}

/** Claude Code keeps much of each result a second time, for its screen: half of the text, in the sum. */
function resultCopy(call: ToolCall): object {
  const filePath = call.path;
  switch (call.kind) {
    case "read":
      return { mode: "content", numFiles: 3, filenames: [filePath], content: call.output.slice(0, 2000), numLines: 40 };
    case "image":
      return { type: "image", file: { type: "image/png", originalSize: call.output.length } };
    case "shell":
      return { stdout: call.output, stderr: "", interrupted: false, isImage: false };
    default:
      return { filePath, newString: call.text, structuredPatch: [], userModified: false };
  }
}

const usage = (random: Random) => ({
  input_tokens: random.integer(1, 9),
  cache_creation_input_tokens: random.integer(0, 9000),
  cache_read_input_tokens: random.integer(9000, 150_000),
  output_tokens: random.integer(1, 2000),
  service_tier: "standard",
});
