/** A long string that is a member of one of these names says only that there is some text; `TEXT_MARK` stands in its place. */
export const textMembers = ["content", "text", "errorMessage", "partialJson"] as const;

/** Stands for a string with more in it than white space. */
export const TEXT_MARK = "+";

/** Strings that stand in most rows, which are told without being read. Any other is read all the same, but slower. */
export const commonWords = [
  "assistant",
  "user",
  "text",
  "thinking",
  "tool_use",
  "tool_result",
  "message",
  "toolCall",
  "toolResult",
  "toolUse",
  "stop",
  "progress",
  "system",
  "queue-operation",
  "file-history-snapshot",
  "attachment",
] as const;
