import { rmSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { configure } from "../support/configure.ts";
import { addClaudeSession, boundEntry, type Home, makeHome, writeRegistry } from "../support/home.ts";
import { keeper } from "../support/keeper.ts";
import { startWebServer, type WebServer } from "../support/web-server.ts";

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

function pinging({ address }: Pick<WebServer, "address">): string[] {
  return configure(home, {}, [home.log], { ping: { url: `${address}/ping/secret?create=1` } }).args;
}

const START = "/ping/secret/start?create=1";

test("a run tells when it begins and that it went well, also when something is left; a dry run tells nothing", async () => {
  const web = await startWebServer();
  const { sessionId } = addClaudeSession(home, { orphans: ["toolu_orphan"] });
  writeRegistry(home, { "agent:main:main": boundEntry(sessionId) });
  const args = pinging(web);
  expect((await keeper(["rotate", "--dry-run", ...args])).status).toBe(1);
  expect(web.received).toEqual([]);
  expect((await keeper(["detect-corruption", ...args])).status).toBe(1);
  expect(web.received.map(({ method, url }) => `${method} ${url}`)).toEqual([
    `GET ${START}`,
    "GET /ping/secret?create=1",
  ]);
});

test("exit codes 2 and 3 are told as failures", async () => {
  const web = await startWebServer();
  const args = pinging(web);
  expect((await keeper(["rotate", "--session", "no-such-session", ...args])).status).toBe(2);
  rmSync(home.claude, { recursive: true });
  expect((await keeper(["clean-locks", ...args])).status).toBe(3);
  const failed = "/ping/secret/fail?create=1";
  expect(web.received.map(({ url }) => url)).toEqual([START, failed, START, failed]);
});

test("a ping that does not arrive is told only to those who want to hear more, and never with its address", async () => {
  const web = await startWebServer();
  await web.close();
  const args = pinging(web);
  expect(await keeper(["rotate", ...args])).toMatchObject({ status: 0, stdout: "", stderr: "" });
  const { status, stderr } = await keeper(["rotate", "--verbose", ...args]);
  expect(status).toBe(0);
  expect(stderr).toMatch(/the ping \(start\) did not arrive: 127\.0\.0\.1:\d+ refuses the connection/);
  expect(stderr).not.toContain("secret");
});
