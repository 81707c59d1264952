import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { layPackage, startGateway } from "../support/gateway.ts";
import { addOpenClawSession, age, type Home, makeHome, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { obstaclesOf, resultsOf, undo } from "../support/undo.ts";
import { configureGateway } from "../support/validate.ts";

let home: Home;
let gateway: Awaited<ReturnType<typeof startGateway>> | undefined;
beforeEach(() => {
  home = makeHome({ version: "2026.6.11" });
});
afterEach(async () => {
  await gateway?.end();
  gateway = undefined;
  home.remove();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

/** A transcript with a line in its middle that is none. */
function addBroken(): { path: string; text: string; sessionId: string } {
  const { path, sessionId } = addOpenClawSession(home, { bytes: 6000 });
  const lines = readFileSync(path, "utf8").split("\n");
  const text = lines.toSpliced(3, 0, '{"type":"message","id":"b').join("\n");
  writeFileSync(path, text);
  age(path, 120_000);
  return { path, text, sessionId };
}

test("beside a gateway that takes the lock of a transcript from us, an undo leaves it as it is, as a repair does", async () => {
  const port = await freePort();
  configureGateway(home, { gateway: { port } });
  const { path, text, sessionId } = addBroken();
  writeRegistry(home, { "agent:main:main": { sessionId, updatedAt: Date.now() - 120_000 } });
  const { runId } = await keeperJson(["detect-corruption", "--repair", ...home.args]);
  const mended = readFileSync(path, "utf8");
  expect(mended).not.toBe(text);
  gateway = await startGateway(home, layPackage(home, "2026.6.11"), port);
  for (const more of [["--dry-run"], []]) {
    const refused = await undo(home, runId, ...more);
    expect([refused.status, resultsOf(refused)]).toEqual([1, []]);
    expect(obstaclesOf(refused)).toEqual([expect.stringContaining("takes the lock of a transcript from us")]);
  }
  expect(readFileSync(path, "utf8")).toBe(mended);
  await gateway.end();
  gateway = undefined;
  const undone = await undo(home, runId);
  expect([undone.status, resultsOf(undone)]).toEqual([0, ["repair-transcript done"]]);
  expect(readFileSync(path, "utf8")).toBe(text);
});
