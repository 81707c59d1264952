import {
  asRow,
  asRows,
  asText,
  asTime,
  type Dialect,
  isThought,
  type Preserved,
  type Row,
  type RowShape,
  type ToolCall,
  type ToolResult,
} from "./dialect.ts";

/** Tools that write a file, with the input field that names it. */
const PATH_FIELDS: Record<string, string> = {
  Edit: "file_path",
  MultiEdit: "file_path",
  Write: "file_path",
  NotebookEdit: "notebook_path",
};

/** Rows that the program wrote in the model's name, for example to show an API error. */
const MADE_LOCALLY = "<synthetic>";

export const claudeCode: Dialect = {
  name: "claude-code",
  writtenAt: (row) => asTime(row.timestamp),
  repliedAt: (row) => {
    const isReply = row.type === "assistant" && row.isSidechain !== true && row.isApiErrorMessage !== true;
    return isReply && asRow(row.message).model !== MADE_LOCALLY ? asTime(row.timestamp) : undefined;
  },
  shapeOf,
  // the model's name is left out: it tells what was made locally, which only matters where rows are read whole
  shapePaths: [
    "type",
    "subtype",
    "uuid",
    "parentUuid",
    "isSidechain",
    "sourceToolAssistantUUID",
    "leafUuid",
    "isApiErrorMessage",
    "message.id",
    "message.content[].type",
    "message.content[].id",
    "message.content[].tool_use_id",
  ],
  errorTextOf: (row) => {
    if (row.type !== "assistant" || row.isApiErrorMessage !== true) return undefined;
    return asRows(asRow(row.message).content)
      .map((block) => asText(block.text) ?? "")
      .join("\n");
  },
  linkNames: { id: "uuid", parentId: "parentUuid", leaf: "leafUuid" },
  fileChanges: (row) => {
    const blocks = asRows(asRow(row.message).content);
    return {
      calls: blocks.flatMap((block) => {
        const path = asText(asRow(block.input)[PATH_FIELDS[String(block.name)] ?? ""]);
        return block.type === "tool_use" && path ? [{ id: String(block.id), paths: [path] }] : [];
      }),
      failed: blocks.flatMap((block) =>
        block.type === "tool_result" && block.is_error === true ? [String(block.tool_use_id)] : [],
      ),
    };
  },
  fileChangeNeedles: [...Object.keys(PATH_FIELDS).map((name) => `"${name}"`), '"is_error":true'],
};

/** Blocks that call a tool: by the program, or by the API itself inside the reply. */
function isCall(type: unknown): boolean {
  return type === "tool_use" || type === "server_tool_use" || type === "mcp_tool_use";
}

const NONE: readonly never[] = [];

/** Plain on purpose: this is run for each row of a file, mostly before it is worth optimising to V8. */
function shapeOf(row: Row): RowShape {
  const { type } = row;
  const shape: RowShape = {
    role: "other",
    id: undefined,
    parentId: undefined,
    isMain: row.isSidechain !== true,
    messageId: undefined,
    calls: NONE,
    results: NONE,
    blocks: 0,
    thoughts: 0,
    callRowId: undefined,
  };
  if (type === "last-prompt" || type === "summary") {
    const pointsTo = asText(row.leafUuid);
    return pointsTo ? { ...shape, role: type === "summary" ? "title" : "leaf", pointsTo } : shape;
  }
  const id = asText(row.uuid);
  if (id === undefined) return shape;
  shape.id = id;
  shape.parentId = asText(row.parentUuid) ?? null;
  if (type === "system" && row.subtype === "compact_boundary") {
    const preserved = preservedBy(asRow(row.compactMetadata));
    return { ...shape, role: "boundary", ...(preserved ? { preserved } : {}) };
  }
  const isReply = type === "assistant";
  shape.role = isReply ? "assistant" : type === "user" ? "user" : "chain";
  if (shape.role === "chain") return shape;
  const message = asRow(row.message);
  if (isReply) shape.messageId = asText(message.id);
  shape.callRowId = asText(row.sourceToolAssistantUUID);
  if (row.isApiErrorMessage === true) shape.isErrorReport = true;
  if (isReply && message.model === MADE_LOCALLY) shape.isMirror = true;
  if (Array.isArray(message.content)) readBlocks(message.content, isReply, shape);
  return shape;
}

function readBlocks(content: readonly unknown[], isReply: boolean, shape: RowShape): void {
  let calls: ToolCall[] | undefined; // most rows have none
  let results: ToolResult[] | undefined;
  for (let index = 0; index < content.length; index += 1) {
    const { type, id, tool_use_id: callId } = asRow(content[index]);
    // shapes rather than names: the API keeps adding kinds of results
    if (typeof callId === "string") {
      const result = { callId, index, isServer: isReply };
      if (results) results.push(result);
      else results = [result]; // has room for one; an empty array that grows takes room for sixteen
    } else if (isReply && isCall(type) && typeof id === "string") {
      const call = { id, index, isServer: type !== "tool_use", isPartial: false };
      if (calls) calls.push(call);
      else calls = [call];
    } else if (isThought(type)) shape.thoughts += 1;
  }
  shape.blocks = content.length;
  if (calls) shape.calls = calls;
  if (results) shape.results = results;
}

function preservedBy(metadata: Row): Preserved | undefined {
  const segment = asRow(metadata.preservedSegment);
  const { uuids } = asRow(metadata.preservedMessages);
  const [headId, tailId] = [asText(segment.headUuid), asText(segment.tailUuid)];
  const ids = Array.isArray(uuids) ? uuids.flatMap((uuid) => asText(uuid) ?? []) : [];
  if (ids.length === 0 && !headId) return undefined;
  return { ids, ...(headId ? { headId } : {}), ...(tailId ? { tailId } : {}) };
}
