import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";

/** A block of a message as the API takes it. */
export type Block = { type: string; [name: string]: unknown };
export type Message = { role: string; content: string | Block[] };
/** What a client asked for. */
export type MessagesRequest = { model: string; stream?: boolean; messages: Message[]; tools?: unknown[] };
export type MessagesApi = { url: string; requests: readonly MessagesRequest[]; close: () => void };

const REPLY = "Understood.";
const USAGE = { input_tokens: 1, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 1 };

/**
 * Stands in for the Messages API, on this machine's own address alone: it takes every request as it comes, keeps it, and
 * answers with one word, whole or as a stream.
 *
 * @param beforeReply what happens while the client waits
 */
export async function startMessagesApi(
  beforeReply: (request: MessagesRequest) => Promise<void> = async () => undefined,
): Promise<MessagesApi> {
  const requests: MessagesRequest[] = [];
  const server = createServer((request, response) => {
    answer(request, response, requests, beforeReply).catch(() => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, close };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  requests: MessagesRequest[],
  beforeReply: (request: MessagesRequest) => Promise<void>,
): Promise<void> {
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  const body = await readText(request);
  if (request.method !== "POST") return sendJson(response, 200, {});
  if (path.endsWith("/count_tokens")) return sendJson(response, 200, { input_tokens: 1 });
  if (!path.endsWith("/v1/messages")) {
    return sendJson(response, 404, { type: "error", error: { type: "not_found_error", message: "not served" } });
  }
  const asked = JSON.parse(body) as MessagesRequest;
  requests.push(asked);
  await beforeReply(asked);
  const { model } = asked;
  const reply = { id: `msg_${requests.length}`, type: "message", role: "assistant", model, stop_sequence: null };
  if (asked.stream) return sendStream(response, { ...reply, content: [], stop_reason: null, usage: USAGE });
  const content = [{ type: "text", text: REPLY }];
  sendJson(response, 200, { ...reply, content, stop_reason: "end_turn", usage: USAGE });
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function sendStream(response: ServerResponse, message: object): void {
  const events = [
    { type: "message_start", message },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: REPLY } },
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 1 } },
    { type: "message_stop" },
  ];
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""));
}
