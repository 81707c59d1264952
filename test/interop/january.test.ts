import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { age, readRegistryOf, sessionsFolder, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { installOpenClaw } from "./packages.ts";
import { makeJanuaryState, runOpenClaw, runScript, type State } from "./state.ts";

const LOST = [
  "agent:main:telegram:dm:702",
  "agent:main:telegram:group:-1002003004",
  "agent:main:whatsapp:dm:+15550001111",
];

let state: State;
afterEach(() => state?.remove());

test("January's report: of twenty sessions of clawdbot, three without an entry are found, entered, listed, and gone on in", async ({
  skip,
}) => {
  const clawdbot = await installOpenClaw("2026.1.24-3");
  if ("missing" in clawdbot) return skip(clawdbot.missing);
  state = await makeJanuaryState(clawdbot);
  const config = join(state.openclaw, "clawdbot.json");
  const printed = await runScript("write-sessions.ts", clawdbot, state, config);
  const written: Record<string, string> = JSON.parse(printed.slice(printed.indexOf("{")));
  expect(Object.keys(written)).toHaveLength(20);
  for (const name of readdirSync(sessionsFolder(state))) age(join(sessionsFolder(state), name), 600_000);
  const before = readRegistryOf(state);
  expect(Object.fromEntries(Object.entries(before).map(([key, { sessionId }]) => [key, sessionId]))).toEqual(written);
  writeRegistry(state, Object.fromEntries(Object.entries(before).filter(([key]) => !LOST.includes(key))));

  const found = await validate();
  expect(found.installations.map(({ era }) => era)).toEqual(["F1"]);
  const forgotten = findingsOf(found).filter(({ kind }) => kind === "unregistered-transcript");
  expect(forgotten.map(({ sessionId }) => sessionId).sort()).toEqual(LOST.map((key) => written[key]).sort());
  expect(findingsOf(found)).toHaveLength(LOST.length);
  expect(found.status).toBe(1);

  const repaired = await validate("--repair");
  expect(repaired.status).toBe(0);
  expect(findingsOf(await validate())).toEqual([]);
  const after = readRegistryOf(state);
  for (const [key, entry] of Object.entries(before)) {
    if (!LOST.includes(key)) expect(after[key]).toEqual(entry);
    else expect(after[key]).toMatchObject({ sessionId: written[key], repaired: true });
  }
  expect(statSync(join(sessionsFolder(state), "sessions.json")).mode & 0o777).toBe(0o600);

  const listed = await runOpenClaw(clawdbot, state, "sessions", "--json");
  const { sessions } = JSON.parse(listed.slice(listed.indexOf("{"))) as {
    sessions: { key: string; sessionId: string }[];
  };
  expect(sessions.map(({ sessionId }) => sessionId).sort()).toEqual(Object.values(written).sort());

  // the next messages go on in the same sessions
  const again = await runScript("write-sessions.ts", clawdbot, state, config);
  expect(JSON.parse(again.slice(again.indexOf("{")))).toEqual(written);
});

function validate(...more: string[]) {
  return keeperJson(["validate-registry", ...more, ...state.args], state.env);
}

function findingsOf({ installations }: Awaited<ReturnType<typeof validate>>) {
  return installations.flatMap(({ findings }) => findings);
}
