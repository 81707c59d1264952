import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { age, archivesIn, readRegistryOf, sessionsFolder, unzip, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { type InstalledOpenClaw, installOpenClaw } from "./packages.ts";
import { startGateway } from "./start-gateway.ts";
import { copyState, runOpenClaw, type State } from "./state.ts";

const MAIN = "agent:main:main";
const GROUP = "agent:main:telegram:group:-1002003004";
const ERRAND = "agent:main:cron:job:run:0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10";
const DAY = 86_400_000;

let state: State;
let gateway: Awaited<ReturnType<typeof startGateway>> | undefined;
afterEach(async () => {
  await gateway?.end();
  gateway = undefined;
  state?.remove();
});

/** Of releases whose registry has no lock. 2026.5.28 and 2026.7.35 do the same, and are as large. */
const VERSIONS = (process.env.INTEROP_GATEWAYS ?? "2026.6.11").split(",");

test.for(VERSIONS)("the gateway of OpenClaw %s resets and deletes sessions for us", async (version, { skip }) => {
  const openclaw = await installOpenClaw(version);
  if ("missing" in openclaw) return skip(openclaw.missing);
  state = copyState("2026.6.11");
  const { main } = state.registries;
  const idleAt = Date.now() - 9 * DAY;
  const transcript = transcriptOf(GROUP);
  const original = readFileSync(transcript);
  age(transcript, 9 * DAY);
  rmSync(transcriptOf(MAIN));
  const errand = { sessionId: "0b7e4a52-6d3c-4a58-8a4f-0d2a6f6b9c10", updatedAt: Date.now() - DAY, systemSent: true };
  const group = { ...main[GROUP], updatedAt: idleAt, thinkingLevel: "high" };
  writeRegistry(state, { ...main, [GROUP]: group, [ERRAND]: errand });
  gateway = await startGateway(openclaw, state);

  const repaired = await keeper(openclaw, "validate-registry", "--repair");
  const edits = (repaired.installations[0]?.actions ?? []).filter(({ kind }) => kind === "edit-registry");
  expect(
    edits.map(({ result, sessionKey, detail }) => [result, detail?.sessionKey ?? sessionKey, detail?.through]),
  ).toEqual([
    ["done", MAIN, "gateway"],
    ["done", ERRAND, "gateway"],
  ]);
  const mended = readRegistryOf(state);
  expect(Object.keys(mended).sort()).toEqual([MAIN, GROUP].sort());
  expect(mended[MAIN]?.sessionId).not.toBe(main[MAIN]?.sessionId);
  expect(mended[MAIN]).toMatchObject({ deliveryContext: main[MAIN]?.deliveryContext, lastTo: main[MAIN]?.lastTo });

  const archived = await keeper(openclaw, "archive");
  const steps = archived.installations[0]?.actions.map(({ kind, result }) => `${kind} ${result}`);
  expect(steps).toEqual(["archive-transcript done", "edit-registry done", "remove-transcript done"]);
  expect(archivesIn(join(state.openclaw, "session-archives")).map(unzip)).toEqual([original]);
  const fresh = readRegistryOf(state)[GROUP];
  expect(fresh).toMatchObject({ thinkingLevel: "high", lastTo: main[GROUP]?.lastTo, chatType: "group" });
  expect(fresh?.sessionId).not.toBe(main[GROUP]?.sessionId);
  const left = readdirSync(sessionsFolder(state)).filter((name) => name.includes(String(main[GROUP]?.sessionId)));
  expect(left).toEqual([]);

  // it works on with what it did
  const listed = await runOpenClaw(openclaw, state, "gateway", "call", "sessions.list", "--json", "--timeout", "60000");
  const { sessions } = JSON.parse(listed.slice(listed.indexOf("{"))) as {
    sessions: { key: string; sessionId: string }[];
  };
  const ids = Object.fromEntries(sessions.map(({ key, sessionId }) => [key, sessionId]));
  expect(ids[GROUP]).toBe(fresh?.sessionId);
  expect(Object.keys(ids)).not.toContain(ERRAND);

  await gateway.end();
  gateway = undefined;
  expect((await keeper(openclaw, "restore", "undo", archived.runId)).status).toBe(0);
  expect(readFileSync(transcript).equals(original)).toBe(true);
  expect(readRegistryOf(state)[GROUP]).toMatchObject({ sessionId: main[GROUP]?.sessionId, thinkingLevel: "high" });
  expect(existsSync(transcript)).toBe(true);
});

test.for(VERSIONS)(
  "where the gateway of OpenClaw %s wants to be asked first, nothing is done",
  async (version, { skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    state = copyState("2026.6.11");
    rmSync(transcriptOf(MAIN));
    gateway = await startGateway(openclaw, state);
    // its command line gets the right to look, and no other
    await runOpenClaw(openclaw, state, "gateway", "call", "sessions.list", "--json", "--timeout", "60000");
    const before = readFileSync(join(sessionsFolder(state), "sessions.json"));
    const report = await keeper(openclaw, "validate-registry", "--repair");
    expect(report.status).toBe(1);
    const [action] = report.installations[0]?.actions ?? [];
    expect(action).toMatchObject({ kind: "edit-registry", result: "busy" });
    expect(action?.hint).toContain("openclaw devices approve");
    expect(JSON.parse(readFileSync(join(sessionsFolder(state), "sessions.json"), "utf8"))[MAIN]?.sessionId).toBe(
      JSON.parse(before.toString())[MAIN].sessionId,
    );
  },
);

function keeper({ folder }: InstalledOpenClaw, command: string, ...more: string[]) {
  const path = `${join(folder, "..", ".bin")}:${process.env.PATH}`;
  return keeperJson([command, ...more, ...state.args], { ...state.env, PATH: path });
}

function transcriptOf(key: string): string {
  return join(sessionsFolder(state), `${state.registries.main[key]?.sessionId}.jsonl`);
}
