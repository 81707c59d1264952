import {
  asRow,
  asRows,
  asText,
  asTime,
  type Dialect,
  isThought,
  type Row,
  type RowShape,
  type ToolCall,
} from "./dialect.ts";

const CALL_TYPES = new Set(["toolCall", "toolUse", "functionCall"]);
/** What releases have called the id of a result's call. */
const CALL_ID_NAMES = ["toolCallId", "toolUseId", "tool_call_id", "tool_use_id", "callId", "call_id"];
/** The lines of a patch that name the files it changes. */
const PATCHED_FILE = /^\*\*\* (?:Add|Update|Delete) File: (.+)$|^\*\*\* Move to: (.+)$/gm;

export const openclaw: Dialect = {
  name: "openclaw",
  writtenAt: (row) => asTime(row.timestamp),
  repliedAt: (row) => {
    const message = asRow(row.message);
    const isReply = row.type === "message" && message.role === "assistant" && message.errorMessage === undefined;
    const hasFailed = message.stopReason === "error" || message.stopReason === "aborted";
    const isMirror = MIRRORS.has(String(message.model)); // a copy of what another program sent, not an answer
    return isReply && !hasFailed && !isMirror ? asTime(row.timestamp) : undefined;
  },
  shapeOf,
  shapePaths: [
    "type",
    "id",
    "parentId",
    "version",
    "firstKeptEntryId",
    "firstKeptEntryIndex",
    "targetId",
    "appendParentId",
    "appendMode",
    "message.role",
    "message.content[].type",
    "message.content[].id",
    "message.content[].text",
    "message.content[].partialJson",
    "message.errorMessage",
    "message.stopReason",
    "message.model",
    ...CALL_ID_NAMES.map((name) => `message.${name}`),
    "message.isError",
    "message.details.openclawSyntheticMissingToolResult",
  ],
  errorTextOf: (row) => asText(asRow(row.message).errorMessage),
  linkNames: { id: "id", parentId: "parentId", leaf: "targetId" },
  fileChanges: (row) => {
    const message = asRow(row.message);
    return {
      calls: asRows(message.content).flatMap((block) => {
        const paths = CALL_TYPES.has(String(block.type)) ? changedBy(String(block.name), asRow(block.arguments)) : [];
        return paths.length > 0 ? [{ id: String(block.id), paths }] : [];
      }),
      failed: message.role === "toolResult" && message.isError === true ? [String(message.toolCallId)] : [],
    };
  },
  fileChangeNeedles: ['"write"', '"edit"', '"apply_patch"', '"isError":true'],
};

function changedBy(tool: string, input: Record<string, unknown>): string[] {
  if (tool === "apply_patch") {
    return [...(asText(input.input) ?? asText(input.patch) ?? "").matchAll(PATCHED_FILE)].map(
      (match) => match[1] ?? match[2] ?? "",
    );
  }
  const path = asText(input.path) ?? asText(input.file_path);
  return (tool === "write" || tool === "edit") && path ? [path] : [];
}

const NONE: readonly never[] = [];
/** Rows in the model's name that other parts of the gateway write into the conversation. */
const MIRRORS = new Set(["delivery-mirror", "gateway-injected"]);
const STAND_IN = /^\[openclaw\] missing tool result/;

function shapeOf(row: Row): RowShape {
  const shape: RowShape = { role: "other", isMain: true, calls: NONE, results: NONE, blocks: 0, thoughts: 0 };
  const id = asText(row.id);
  if (row.type === "session") {
    const version = typeof row.version === "number" ? row.version : 1;
    return { ...shape, role: "header", version, ...(id === undefined ? {} : { pointsTo: id }) };
  }
  shape.role = "chain";
  if (id !== undefined) shape.id = id;
  if (row.parentId !== undefined) shape.parentId = asText(row.parentId) ?? null;
  if (row.appendMode === "side") shape.isAside = true;
  if (row.type === "leaf") {
    const [pointsTo, appendsTo] = [asText(row.targetId), asText(row.appendParentId)];
    return { ...shape, role: "leaf", ...(pointsTo ? { pointsTo } : {}), ...(appendsTo ? { appendsTo } : {}) };
  }
  if (row.type === "compaction") {
    const pointsTo = asText(row.firstKeptEntryId);
    const index = row.firstKeptEntryIndex;
    return {
      ...shape,
      role: "boundary",
      ...(pointsTo ? { pointsTo } : {}),
      ...(typeof index === "number" ? { pointsToIndex: index } : {}),
    };
  }
  return row.type === "message" ? shapeOfMessage(asRow(row.message), shape) : shape;
}

function shapeOfMessage(message: Row, shape: RowShape): RowShape {
  const { role, content } = message;
  const blocks = asRows(content);
  shape.blocks = blocks.length;
  shape.thoughts = blocks.filter(({ type }) => isThought(type)).length;
  if (typeof role !== "string" || role.trim() === "") return { ...shape, flaw: "no-role" };
  if (role === "toolResult") {
    const callId = CALL_ID_NAMES.map((name) => asText(message[name])?.trim()).find(Boolean) ?? "";
    return {
      ...shape,
      role: "result",
      results: [{ callId, index: -1, isServer: false, isStandIn: isStandIn(message) }],
    };
  }
  if (role === "user") return isBlank(content) ? { ...shape, role, flaw: "blank-text" } : { ...shape, role };
  if (role !== "assistant") return shape;
  const isVoid = message.stopReason === "error" || message.stopReason === "aborted";
  const calls = blocks.flatMap((block, index): ToolCall[] =>
    CALL_TYPES.has(String(block.type)) && typeof block.id === "string"
      ? [{ id: block.id, index, isServer: false, isPartial: isPartial(block) }]
      : [],
  );
  return {
    ...shape,
    role,
    ...(calls.length > 0 ? { calls } : {}),
    ...(isVoid ? { isVoid } : {}),
    ...(MIRRORS.has(String(message.model)) ? { isMirror: true } : {}),
    ...(typeof message.errorMessage === "string" ? { isErrorReport: true } : {}),
  };
}

/** Releases leave the text of the arguments in finished calls of some providers: only one that breaks off is damage. */
function isPartial({ partialJson, arguments: values }: Row): boolean {
  if (partialJson === undefined) return false;
  if (typeof partialJson !== "string" || typeof values !== "object" || values === null) return true;
  if (partialJson.trim() === "") return Object.keys(values).length > 0;
  try {
    return typeof JSON.parse(partialJson) !== "object";
  } catch {
    return true;
  }
}

function isStandIn({ isError, details, content }: Row): boolean {
  if (isError !== true) return false;
  if (asRow(details).openclawSyntheticMissingToolResult === true) return true;
  return asRows(content).some(({ text }) => typeof text === "string" && STAND_IN.test(text));
}

function isBlank(content: unknown): boolean {
  if (typeof content === "string") return content.trim() === "";
  if (!Array.isArray(content)) return false;
  return content.every((value) => {
    const block = asRow(value);
    return block.type === "text" && (typeof block.text !== "string" || block.text.trim() === "");
  });
}
