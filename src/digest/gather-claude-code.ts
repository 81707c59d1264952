import { claudeCode } from "../dialects/claude-code.ts";
import { asRow, asRows, asText, type Row } from "../dialects/dialect.ts";
import { hasLoneSurrogate } from "../structure/read-rows.ts";
import { parseRow } from "../transcript/contents.ts";
import type { Gatherer, KeptRow, Reply, Surroundings } from "./gather.ts";
import { keepLastLines } from "./last-lines.ts";
import { gatherWords, textsOf } from "./words.ts";

/** Rows of which the program takes the last one in the file. */
const LAST_WINS = new Set([
  ...["custom-title", "ai-title", "tag", "agent-name", "agent-color", "agent-setting", "mode", "permission-mode"],
  ...["worktree-state", "pr-link", "relocated", "cost-state", "atis-latch", "tools-used", "session-owner", "repl-mode"],
  ...["isolation-latch", "dev-mods", "bridge-session", "history-suppression", "observer-ref", "derived-from"],
]);
const KIND = /^\{\s?"type":\s?"([a-z-]{1,40})"/;
const KIND_BYTES = 64;
/** How text begins that the program writes in the user's name. */
const INJECTED =
  /^\s*(?:<(?:command-(?:name|message|args)|local-command-(?:stdout|stderr|caveat)|bash-(?:input|stdout|stderr)|system-reminder|task-notification|user-prompt-submit-hook|tick)\b|\[Request interrupted|Caveat:)/;

const quoted = (word: string) => Buffer.from(`"${word}"`);
/** Cheap to look for before a line is parsed. With their quotes, they don't occur in the text of a conversation. */
const NEEDLES = {
  parent: quoted("parentUuid"),
  user: quoted("user"),
  assistant: quoted("assistant"),
  text: quoted("text"),
  call: quoted("tool_use"),
  result: quoted("tool_use_id"),
};
const TODO_TOOLS = ["TodoWrite", "TaskCreate", "TaskUpdate"].map(quoted);
const TASK_MADE = Buffer.from("created successfully");

/** Takes the rows of Claude Code. Only the main line counts: what subagents say and list is theirs. */
export function gatherClaudeCode(): Gatherer {
  const words = gatherWords();
  const replies = followReplies();
  const kinds = new Map<string, KeptRow>();
  const chain = keepLastLines();

  const takeUser = (row: Row) => {
    if (row.isSidechain === true || row.isMeta === true) return;
    const texts = textsOf(asRow(row.message).content);
    if (row.isCompactSummary === true) return words.summary(asText(texts.join("\n")));
    const said = texts.filter((text) => text.trim() !== "" && !INJECTED.test(text)).join("\n");
    if (said !== "") words.request(said, row.timestamp);
  };
  const takeAssistant = (row: Row, line: Buffer, at: number) => {
    if (row.isSidechain === true) return;
    replies.text(row, line, at);
    for (const { type, id, name, input } of asRows(asRow(row.message).content))
      if (type === "tool_use") words.todos().call(id, name, asRow(input));
  };

  return {
    take(line, at) {
      const kind = KIND.exec(line.toString("latin1", 0, KIND_BYTES))?.[1];
      if (kind && LAST_WINS.has(kind)) {
        if (parseRow(line) && !hasLoneSurrogate(line)) kinds.set(kind, { bytes: Buffer.from(line), at });
        return;
      }
      if (line.includes(NEEDLES.parent)) chain.take(line);
      const isUser = line.includes(NEEDLES.user);
      if (isUser && line.includes(NEEDLES.result)) {
        const row = words.todos().isAwaiting() && line.includes(TASK_MADE) ? parseRow(line) : undefined;
        if (row && row.isSidechain !== true) words.todos().results(row);
        return;
      }
      if (!mayMatter(line) && !isUser) return;
      const row = parseRow(line);
      if (row?.type === "user") takeUser(row);
      if (row?.type === "assistant") takeAssistant(row, line, at);
    },
    facts() {
      const last = chain.newestFirst().find((row) => asText(row.uuid) !== undefined && row.isSidechain !== true) ?? {};
      const lastReply = replies.last();
      const lastAt = asText(last.timestamp);
      return {
        ...words.kept(),
        ...(lastReply ? { lastReply } : {}),
        ...(lastAt === undefined ? {} : { lastAt }),
        keptRows: [...kinds.values()].toSorted((a, b) => a.at - b.at),
        surroundings: surroundingsOf(last),
      };
    },
  };

  function mayMatter(line: Buffer): boolean {
    if (!line.includes(NEEDLES.assistant)) return false;
    const isCall = line.includes(NEEDLES.call);
    if (isCall) replies.call(line);
    return line.includes(NEEDLES.text) || (isCall && TODO_TOOLS.some((name) => line.includes(name)));
  }
}

/**
 * Follows the model's replies to the last one that asked for nothing more. A reply is written as one row for each of its
 * blocks, so a text is not known to be the end of it until the next reply begins. Rows with calls are not parsed for this.
 */
function followReplies() {
  let finished: Reply | undefined;
  let open: (Reply & { messageId: string }) | undefined;
  const calls = keepLastLines();
  return {
    call(line: Buffer) {
      if (open && line.includes(open.messageId)) open = undefined;
      calls.take(line);
    },
    text(row: Row, line: Buffer, at: number) {
      const { messageId = String(row.uuid) } = claudeCode.shapeOf(row);
      const text = textAlone(row);
      if (text === undefined || calls.anyHolds(messageId) || hasLoneSurrogate(line)) return;
      if (open && open.messageId !== messageId) finished = open;
      open = { bytes: Buffer.from(line), text, at, messageId };
    },
    last(): Reply | undefined {
      const last = open ?? finished;
      return last && { bytes: last.bytes, text: last.text, at: last.at };
    },
  };
}

/** The text of a reply's row that holds nothing else. Quotations of search results can't stand without these. */
function textAlone(row: Row): string | undefined {
  if (claudeCode.repliedAt(row) === undefined || asText(row.uuid) === undefined) return undefined;
  const blocks = asRows(asRow(row.message).content);
  const isPlain = blocks.every(({ type, citations }) => type === "text" && asRows(citations).length === 0);
  const text = textsOf(blocks).join("\n\n");
  return isPlain && text.trim() !== "" ? text : undefined;
}

function surroundingsOf(row: Row): Surroundings {
  const entries = (["cwd", "version", "gitBranch", "userType", "entrypoint"] as const).flatMap((name) => {
    const value = row[name];
    return typeof value === "string" ? [[name, value] as const] : [];
  });
  return Object.fromEntries(entries);
}
