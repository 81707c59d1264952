import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { archivesIn, readRegistryOf, sessionsFolder, unzip } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { type InstalledOpenClaw, installOpenClaw } from "./packages.ts";
import {
  copyState,
  growOpenClawTranscript,
  putClaudeTranscript,
  type Registry,
  runOpenClaw,
  runScript,
  type State,
} from "./state.ts";

const BIG = 2_500_000;
const MAIN = "agent:main:main";
const BOUND = "agent:ops:telegram:direct:700";
const ALSO_BOUND = "agent:ops:main";
const BINDING = ["claudeCliSessionId", "cliSessionIds", "cliSessionBindings"];

let state: State;
afterEach(() => state?.remove());

describe.each([
  { version: "2026.2.9", era: "F1" },
  { version: "2026.4.15", era: "F2" },
  { version: "2026.6.11", era: "F3b" },
])("OpenClaw $version", ({ version, era }) => {
  test("its state is recognised, and an oversized session of either dialect starts afresh", async () => {
    const before = grow();
    const report = await rotate();
    expect(report.installations.map((installation) => installation.era)).toEqual([era]);
    expect(archivesIn(join(state.claude, "session-archives")).map(hashOfArchive)).toEqual([before.claude.hash]);
    expect(archivesIn(join(state.openclaw, "session-archives")).map(hashOfArchive)).toEqual([before.openclaw.hash]);
    expect(readFileSync(before.claude.path, "utf8").trim()).toBe("");
    expect(existsSync(before.openclaw.path)).toBe(false);

    const ops = readRegistryOf(state, "ops");
    expect(ops[BOUND]).toEqual(without(state.registries.ops[BOUND], BINDING));
    expect(ops[ALSO_BOUND]).toEqual(state.registries.ops[ALSO_BOUND]);
    const main = readRegistryOf(state, "main");
    expect(main[MAIN]?.sessionId).not.toBe(state.registries.main[MAIN]?.sessionId);
    expect(main[MAIN]).not.toHaveProperty("sessionFile");
    expect(main[MAIN]).toMatchObject(
      pick(state.registries.main[MAIN], ["chatType", "deliveryContext", "origin", "lastTo"]),
    );
    expect({ ...main, [MAIN]: 0 }).toEqual({ ...state.registries.main, [MAIN]: 0 });
  });

  test("what rotate leaves behind is read whole by the package", async ({ skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    grow();
    await rotate();
    for (const agent of ["main", "ops"] as const) {
      const store = join(sessionsFolder(state, agent), "sessions.json");
      const written = readRegistryOf(state, agent);
      const read: Registry = JSON.parse(await runScript("read-store.ts", openclaw, state, store));
      expect(idsOf(read)).toEqual(idsOf(written));
      const listed = await runOpenClaw(openclaw, state, "sessions", "--json", "--store", store);
      const { sessions } = JSON.parse(listed.slice(listed.indexOf("{"))) as { sessions: { key: string }[] };
      expect(sessions.map(({ key }) => key).sort()).toEqual(Object.keys(written).sort());
    }
  });

  test("the next message goes on in the fresh session, and asks Claude Code for a new one", async ({ skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    grow();
    await rotate();
    const freshId = String(readRegistryOf(state)[MAIN]?.sessionId);
    await receive(openclaw, MAIN);
    const file = join(sessionsFolder(state), `${freshId}.jsonl`);
    expect(readRegistryOf(state)[MAIN]).toMatchObject({ sessionId: freshId, sessionFile: file });

    await receive(openclaw, BOUND);
    const entry = readRegistryOf(state, "ops")[BOUND];
    expect(entry?.sessionId).toBe(state.registries.ops[BOUND]?.sessionId);
    for (const name of BINDING) expect(entry).not.toHaveProperty(name);
  });

  /** One session of each dialect is over the limit, the others are small. */
  function grow() {
    state = copyState(version);
    const { main, ops } = state.registries;
    putClaudeTranscript(state, String(ops[ALSO_BOUND]?.claudeCliSessionId), 20_000);
    const paths = {
      claude: putClaudeTranscript(state, String(ops[BOUND]?.claudeCliSessionId), BIG),
      openclaw: growOpenClawTranscript(state, String(main[MAIN]?.sessionId), BIG),
    };
    const withHash = (path: string) => ({ path, hash: hashOf(readFileSync(path)) });
    return { claude: withHash(paths.claude), openclaw: withHash(paths.openclaw) };
  }
});

async function rotate() {
  const report = await keeperJson(["rotate", "--strategy", "empty", ...state.args], state.env);
  expect({ exitCode: report.status, stderr: report.stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(report.installations[0]?.findings.filter(({ kind }) => kind === "oversized")).toHaveLength(2);
  return report;
}

async function receive(openclaw: InstalledOpenClaw, key: string): Promise<void> {
  await runScript("receive-message.ts", openclaw, state, join(state.openclaw, "openclaw.json"), key);
}

const hashOf = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
const hashOfArchive = (path: string) => hashOf(unzip(path));

const idsOf = (registry: Registry) =>
  Object.fromEntries(Object.entries(registry).map(([key, { sessionId }]) => [key, sessionId]));

const without = (entry: object | undefined, names: readonly string[]) =>
  Object.fromEntries(Object.entries(entry ?? {}).filter(([name]) => !names.includes(name)));

const pick = (entry: object | undefined, names: readonly string[]) =>
  Object.fromEntries(Object.entries(entry ?? {}).filter(([name]) => names.includes(name)));
