import type { Block, Message } from "./messages-api.ts";

type Row = {
  type?: string;
  subtype?: string;
  uuid?: string;
  isSidechain?: boolean;
  message?: Message;
  compactMetadata?: { preservedMessages?: { uuids: string[] } };
};

/**
 * What a whole transcript holds of its conversation: each text, call and result on the main line since the last
 * compaction, and of the rows that this one carries over.
 *
 * @throws SyntaxError for a line that is no JSON
 */
export function saidIn(transcript: Uint8Array): string[] {
  const lines = new TextDecoder().decode(transcript).split("\n");
  const rows = lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as Row);
  const boundary = rows.findLastIndex(({ subtype }) => subtype === "compact_boundary");
  const kept = rows[boundary]?.compactMetadata?.preservedMessages?.uuids ?? [];
  return rows
    .filter((row, index) => index > boundary || kept.includes(row.uuid ?? ""))
    .flatMap(({ message, isSidechain }) => (message && !isSidechain ? piecesOf(message) : []));
}

/** What of it is missing in the messages of a request. */
export function missingIn(messages: readonly Message[], said: readonly string[]): string[] {
  const sent = messages.flatMap(piecesOf).join("\n");
  return said.filter((piece) => !sent.includes(piece));
}

function piecesOf({ content }: Message): string[] {
  return typeof content === "string" ? [content] : content.map(pieceOf);
}

function pieceOf(block: Block): string {
  const { type, text, id, tool_use_id: callId, content } = block;
  if (typeof text === "string") return text;
  // the program may put a reminder behind the text of a result
  if (typeof callId === "string")
    return `result ${callId} ${typeof content === "string" ? content : JSON.stringify(content)}`;
  return `${type} ${id ?? ""}`;
}
