/** A long string of one of these says only that there is some text; its skeleton holds `TEXT_MARK` in its place. */
export const textMembers = ["content", "text", "errorMessage", "partialJson"] as const;

/**
 * The members of a row that its skeleton holds, at any depth within one another. Everything else is left out, with all
 * that it contains. Names are at most 48 ASCII characters long and at most 64 in number.
 */
export const keptMembers: readonly string[] = [
  ...textMembers,
  "type",
  "subtype",
  "uuid",
  "parentUuid",
  "isSidechain",
  "sourceToolAssistantUUID",
  "leafUuid",
  "isApiErrorMessage",
  "id",
  "parentId",
  "version",
  "message",
  "role",
  "toolCallId",
  "toolUseId",
  "tool_call_id",
  "tool_use_id",
  "callId",
  "call_id",
  "isError",
  "details",
  "openclawSyntheticMissingToolResult",
  "stopReason",
  "firstKeptEntryId",
  "firstKeptEntryIndex",
  "targetId",
  "appendParentId",
  "appendMode",
  "model",
  "customType",
];

/** Stands for a string with more in it than white space. */
export const TEXT_MARK = "+";
