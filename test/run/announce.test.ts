import { expect, test } from "vitest";
import { loadSettings } from "../../src/config/load.ts";
import { beginReport, finishReport } from "../../src/report/document.ts";
import { announceStart } from "../../src/run/announce.ts";
import type { Request } from "../../src/run/run.ts";
import { scratchSurroundings } from "../support/surroundings.ts";
import { startWebServer, type WebServer } from "../support/web-server.ts";

/** What a ping service hears of a run that ends so. `reason`: why the run's signal was given; absent: it was not. */
async function pingsOf(web: WebServer, exitCode: number, reason?: Error): Promise<string[]> {
  const surroundings = scratchSurroundings({});
  const settings = await loadSettings({}, surroundings);
  settings.ping.url = `${web.address}/ping`;
  const stop = new AbortController();
  const world = { surroundings, version: "0.0.0", signal: stop.signal };
  const announce = announceStart({ command: "rotate", flags: {}, files: [] } as unknown as Request, world, settings);
  await web.next();
  if (reason) stop.abort(reason);
  await announce({ ...finishReport(beginReport("rotate", "0.0.0", false), []), exitCode }, []);
  return web.received.splice(0).map(({ url }) => url);
}

test.for([
  [0, ["/ping/start", "/ping"]],
  [1, ["/ping/start", "/ping"]],
  [2, ["/ping/start", "/ping/fail"]],
  [3, ["/ping/start", "/ping/fail"]],
  [75, ["/ping/start"]],
] as [number, string[]][])("a run that ends with %i is heard of as %j", async ([exitCode, expected]) => {
  expect(await pingsOf(await startWebServer(), exitCode)).toEqual(expected);
});

test("a run that somebody stopped neither succeeded nor failed; one whose time was up may have failed", async () => {
  const web = await startWebServer();
  expect(await pingsOf(web, 3, new Error("stopped by SIGTERM"))).toEqual(["/ping/start"]);
  const timeout = new DOMException("The operation was aborted due to timeout", "TimeoutError");
  expect(await pingsOf(web, 3, timeout)).toEqual(["/ping/start", "/ping/fail"]);
});
