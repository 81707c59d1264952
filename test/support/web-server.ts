import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, type TestContext } from "vitest";

/** A request as it came. `atMs`: epoch milliseconds. */
type WebRequest = { method: string; url: string; headers: IncomingHttpHeaders; body: string; atMs: number };

/** A server on this machine. `answer`: the status that it answers with, or "hang": never; may be changed at any time. */
export type WebServer = {
  port: number;
  address: string;
  received: WebRequest[];
  answer: number | "hang";
  /** the bodies of what was sent by POST, as JSON */
  messages: () => Record<string, unknown>[];
  /** resolves with the next request, as soon as it is there whole */
  next: () => Promise<WebRequest>;
  close: () => Promise<void>;
};

/** @param context of a test that runs beside others */
export async function startWebServer(
  answer: WebServer["answer"] = 200,
  context: Pick<TestContext, "onTestFinished"> = { onTestFinished },
): Promise<WebServer> {
  const waiting: ((request: WebRequest) => void)[] = [];
  const server: Server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text) => (body += text));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const whole = { method, url, headers, body, atMs: Date.now() };
      web.received.push(whole);
      for (const resolve of waiting.splice(0)) resolve(whole);
      if (web.answer === "hang") return;
      response
        .writeHead(web.answer, web.answer === 302 ? { location: "http://127.0.0.1:1/elsewhere" } : {})
        .end("answer");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const web: WebServer = {
    ...{ port, address: `http://127.0.0.1:${port}`, received: [], answer },
    messages: () => web.received.filter(({ method }) => method === "POST").map(({ body }) => JSON.parse(body)),
    next: () => new Promise((resolve) => waiting.push(resolve)),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  context.onTestFinished(() => web.close());
  return web;
}
