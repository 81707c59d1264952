import { asRow, asRows, asText, asTime, type Dialect } from "./dialect.ts";

const CALL_TYPES = new Set(["toolCall", "toolUse", "functionCall"]);
/** The lines of a patch that name the files it changes. */
const PATCHED_FILE = /^\*\*\* (?:Add|Update|Delete) File: (.+)$|^\*\*\* Move to: (.+)$/gm;

export const openclaw: Dialect = {
  name: "openclaw",
  writtenAt: (row) => asTime(row.timestamp),
  repliedAt: (row) => {
    const message = asRow(row.message);
    const isReply = row.type === "message" && message.role === "assistant" && message.errorMessage === undefined;
    const hasFailed = message.stopReason === "error" || message.stopReason === "aborted";
    const isMirror = message.model === "delivery-mirror"; // a copy of what another program sent, not an answer
    return isReply && !hasFailed && !isMirror ? asTime(row.timestamp) : undefined;
  },
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
