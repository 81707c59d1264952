import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { readRegistryOf, sessionsFolder, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { installOpenClaw } from "./packages.ts";
import { startScript } from "./start-script.ts";
import { copyState, putClaudeTranscript, type State } from "./state.ts";
import type { WriterReport } from "./write-store.ts";

const ROUNDS = 20;
/** of one rotation, while the registry is busy */
const MOST_RUNS = 5;
const COUNTED = "agent:ops:counted";
const BOUND = "agent:ops:telegram:direct:700";

let state: State;
afterEach(() => state?.remove());

test.for([
  { version: "2026.2.9", era: "F1" },
  { version: "2026.4.15", era: "F2" },
])(
  "twenty rotations beside the registry's writer of $version lose no update on either side",
  async (given, { skip }) => {
    const { version, era } = given;
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    state = copyState(version);
    const sessions = bindSessions();
    const store = join(sessionsFolder(state, "ops"), "sessions.json");
    const writer = await startScript<WriterReport>("write-store.ts", openclaw, state, store, COUNTED);
    try {
      for (const { sessionId } of sessions) await rotate(sessionId, era);
    } finally {
      writer.end();
    }
    const report = await writer.done();
    expect(report).toMatchObject({ lost: [], errors: [] });
    expect(report.updates).toBeGreaterThan(ROUNDS);
    const registry = readRegistryOf(state, "ops");
    expect(registry[COUNTED]?.count).toBe(report.updates);
    for (const { key } of sessions) {
      expect(registry[key]).toBeDefined();
      expect(registry[key]).not.toHaveProperty("claudeCliSessionId");
      expect(registry[key]).not.toHaveProperty("cliSessionIds");
      expect(registry[key]).not.toHaveProperty("cliSessionBindings");
    }
  },
);

/** As cron does: what the registry was too busy for waits for the next run. */
async function rotate(sessionId: string, era: string): Promise<void> {
  const args = ["rotate", "--force", "--session", sessionId, "--strategy", "empty", ...state.args];
  for (let run = 1; ; run += 1) {
    const report = await keeperJson(args, state.env);
    expect(report.installations[0]?.era).toBe(era);
    const unfinished = report.installations[0]?.actions.filter(({ result }) => !/done$/.test(result)) ?? [];
    if (unfinished.length === 0) return expect(report.status).toBe(0);
    expect(unfinished).toMatchObject(run < MOST_RUNS ? [{ kind: "edit-registry", result: "busy" }] : []);
  }
}

/** Gives the agent twenty more sessions like the bound one of the fixture, each with its own transcript. */
function bindSessions() {
  const like = JSON.stringify(state.registries.ops[BOUND]);
  const oldId = String(state.registries.ops[BOUND]?.claudeCliSessionId);
  const sessions = Array.from({ length: ROUNDS }, (_, index) => ({
    key: `agent:ops:telegram:direct:${800 + index}`,
    sessionId: randomUUID(),
  }));
  const entries = sessions.map(({ key, sessionId }) => {
    putClaudeTranscript(state, sessionId, 20_000);
    return [key, { ...JSON.parse(like.replaceAll(oldId, sessionId)), sessionId: randomUUID(), sessionFile: undefined }];
  });
  writeRegistry(state, { ...state.registries.ops, ...Object.fromEntries(entries) }, "ops");
  return sessions;
}
