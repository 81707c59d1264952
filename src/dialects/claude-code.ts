import { asRow, asRows, asText, asTime, type Dialect } from "./dialect.ts";

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
