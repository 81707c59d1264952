import type { Block, Message } from "./messages-api.ts";

const REMINDER = /<system-reminder>[\s\S]*?<\/system-reminder>\n?/g;

/**
 * A request's messages as lists of blocks, without what the run adds to the conversation: marks for the cache, reminders
 * (the date, the surroundings), and the prompt of the run itself at the end.
 */
export function withoutInjections(messages: readonly Message[], prompt: string): Message[] {
  const last = messages.length - 1;
  return messages.flatMap(({ role, content }, index) => {
    const blocks = (typeof content === "string" ? [{ type: "text", text: content }] : content)
      .map(plain)
      .filter(({ type, text }) => type !== "text" || (text !== "" && !(index === last && text === prompt)));
    return blocks.length > 0 ? [{ role, content: blocks }] : [];
  });
}

function plain({ cache_control, ...block }: Block): Block {
  if (block.type !== "text") return block as Block;
  return { ...block, type: "text", text: String(block.text).replace(REMINDER, "").trim() };
}
