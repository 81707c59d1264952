import { expect, test } from "vitest";
import { send } from "../../src/alert/send.ts";
import { startWebServer } from "../support/web-server.ts";

const get = (url: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  send({ method: "GET", url: new URL(url) }, { timeoutMs: 5000, ...options });

test("what is accepted is no refusal, and neither password nor fragment stands in the address", async () => {
  const web = await startWebServer(204);
  const address = `http://user:p%40ss@127.0.0.1:${web.port}/topic?x=1#ntfy`;
  expect(
    await send({ method: "POST", url: new URL(address), headers: { title: "t" }, body: "b" }, { timeoutMs: 5000 }),
  ).toBe(undefined);
  const [request] = web.received;
  expect(request).toMatchObject({ method: "POST", url: "/topic?x=1", body: "b" });
  expect(request?.headers).toMatchObject({
    title: "t",
    authorization: `Basic ${Buffer.from("user:p@ss").toString("base64")}`,
  });
});

test.for([
  [500, "answered with status 500"],
  [404, "answered with status 404"],
  [302, "answered with status 302, a redirect, which is not followed"],
] as [number, string][])("a status of %i is a refusal of somebody who heard", async ([status, because]) => {
  const web = await startWebServer(status);
  expect(await get(`${web.address}/secret`)).toEqual({ because, wasHeard: true });
  expect(web.received).toHaveLength(1);
});

test("who does not answer, does not listen or has no name was not heard, and no address is told", async () => {
  const web = await startWebServer("hang");
  const because = "did not answer within 1 s";
  expect(await get(`${web.address}/secret`, { timeoutMs: 100 })).toEqual({ because, wasHeard: false });
  await web.close();
  expect(await get(`${web.address}/secret`)).toMatchObject({ because: "refuses the connection", wasHeard: false });
  expect(await get("http://127.0.0.1:6667/secret")).toMatchObject({
    because: "has a port that web requests may not use",
  });
  const nameless = await get("http://nobody.invalid/secret");
  expect(nameless?.because).toMatch(/^has a name that (?:is not known here|cannot be looked up now)$/);
});

test("a stop ends the waiting", async () => {
  const web = await startWebServer("hang");
  const stop = new AbortController();
  const refusal = get(web.address, { signal: stop.signal });
  await web.next();
  stop.abort();
  expect(await refusal).toEqual({ because: "was not waited for, because the run was stopped", wasHeard: false });
});
