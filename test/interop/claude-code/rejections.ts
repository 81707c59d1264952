import type { Block, Message } from "./messages-api.ts";

/** Half of a character that takes two code units, without its other half. */
const LONE_SURROGATE = /\p{Surrogate}/u;
const SERVER_CALLS = new Set(["server_tool_use", "mcp_tool_use"]);

/**
 * What the Messages API would answer 400 to, in the order of the messages. Pure.
 *
 * - each `tool_use` has its one `tool_result` in the user's message that follows directly, and each result its call in the
 *   message before; no two calls have one id
 * - each call of a tool that the API runs itself has its one result behind it in the same message
 * - no text holds half of a character
 *
 * @returns a few words for each fault, with the number of the message (from 0) and the id of the call
 */
export function rejectionsOf(messages: readonly Message[]): string[] {
  const ids = new Set<string>();
  return messages.flatMap((message, number) => [
    ...(message.role === "assistant"
      ? [...pairWithNext(message, messages[number + 1], ids), ...pairInside(message)]
      : pairWithPrevious(message, messages[number - 1])
    ).map((fault) => `${number}: ${fault}`),
    ...(LONE_SURROGATE.test(allTextOf(message)) ? [`${number}: half of a character`] : []),
  ]);
}

function pairWithNext(message: Message, next: Message | undefined, ids: Set<string>): string[] {
  const calls = idsOf(message, ({ type }) => type === "tool_use", "id");
  const answered = next?.role === "user" ? resultsIn(next) : [];
  const unanswered = calls.filter((id) => !answered.includes(id)).map((id) => `call without result ${id}`);
  const doubled = calls.filter((id) => ids.has(id) || !ids.add(id)).map((id) => `call twice ${id}`);
  return [...doubled, ...unanswered];
}

function pairWithPrevious(message: Message, previous: Message | undefined): string[] {
  const calls = previous?.role === "assistant" ? idsOf(previous, ({ type }) => type === "tool_use", "id") : [];
  const results = resultsIn(message);
  return results.flatMap((id, index) => [
    ...(calls.includes(id) ? [] : [`result without call ${id}`]),
    ...(results.indexOf(id) < index ? [`result twice ${id}`] : []),
  ]);
}

function pairInside(message: Message): string[] {
  const open = new Set<string>();
  const faults: string[] = [];
  for (const block of blocksOf(message)) {
    if (SERVER_CALLS.has(block.type)) open.add(String(block.id));
    else if (block.tool_use_id !== undefined && !open.delete(String(block.tool_use_id)))
      faults.push(`result without call ${block.tool_use_id}`);
  }
  return [...faults, ...[...open].map((id) => `call without result ${id}`)];
}

function resultsIn(message: Message): string[] {
  return idsOf(message, ({ type }) => type === "tool_result", "tool_use_id");
}

function idsOf(message: Message, isIt: (block: Block) => boolean, name: string): string[] {
  return blocksOf(message)
    .filter(isIt)
    .map((block) => String(block[name]));
}

function blocksOf({ content }: Message): Block[] {
  return typeof content === "string" ? [] : content;
}

function allTextOf(value: unknown): string {
  if (typeof value === "string") return `${value} `;
  return typeof value === "object" && value !== null ? Object.values(value).map(allTextOf).join("") : "";
}
