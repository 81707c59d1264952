import { copyFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { age, archivesIn, readRegistryOf, sessionsFolder, snapshot, unzip, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import type { Continued } from "./continue-transcript.ts";
import { type InstalledOpenClaw, installOpenClaw } from "./packages.ts";
import type { BuiltContext } from "./reach-sessions.ts";
import { startScript } from "./start-script.ts";
import {
  copyState,
  growOpenClawTranscript,
  putClaudeTranscript,
  type Registry,
  runOpenClaw,
  runScript,
  type State,
} from "./state.ts";
import type { WriterReport } from "./write-store.ts";

const DAY_MS = 86_400_000;
const IDLE_MS = 7 * DAY_MS;
/** A transcript that is newer than its entry says that the gateway broke off: some releases then begin a new session. */
const EARLIER_MS = IDLE_MS + 60_000;
/** More than the steps between the archive and the question take. */
const RECENTLY_MS = 300_000;
const AGENTS = ["main", "ops"] as const;
const MAIN = "agent:main:main";
const CRON_RUN = "agent:main:cron:made-up:run:0c8a6a52-6f3e-4d0f-9a44-6f2b6d1f0a01";
const SUBAGENT = "agent:main:subagent:0c8a6a52-6f3e-4d0f-9a44-6f2b6d1f0a02";
const COUNTED = "agent:main:counted";
/** of one archive run, while the registry is busy */
const MOST_RUNS = 5;
const KEPT = [
  ...["chatType", "channel", "groupId", "subject", "displayName", "origin", "route", "deliveryContext"],
  ...["lastChannel", "lastTo", "lastAccountId", "thinkingLevel", "verboseLevel", "modelProvider", "model"],
];
const GONE = ["totalTokens", "claudeCliSessionId", "cliSessionIds", "cliSessionBindings", "status", "sessionFile"];

let state: State;
afterEach(() => state?.remove());

describe.each(["2026.2.9", "2026.4.15", "2026.6.11"])("OpenClaw %s", (version) => {
  test("lists the sessions that archive left with a fresh start, and none that was over", async ({ skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    const transcripts = makeIdleState(version);
    const texts = new Set(transcripts.map((path) => readFileSync(path, "utf8")));
    await archive();
    expect(transcripts.filter((path) => existsSync(path))).toEqual([]);
    const archives = [state.openclaw, state.claude].flatMap((home) => archivesIn(join(home, "session-archives")));
    expect(new Set(archives.map((path) => unzip(path).toString()))).toEqual(texts);
    for (const agent of AGENTS) {
      const before = state.registries[agent];
      const listed = await listSessions(openclaw, agent);
      expect(Object.keys(listed).sort()).toEqual(
        Object.keys(before)
          .filter((key) => !isOver(key))
          .sort(),
      );
      const read = await readStore(openclaw, agent);
      expect(Object.keys(read)).toEqual(Object.keys(before).filter((key) => !isOver(key)));
      for (const [key, entry] of Object.entries(read)) {
        expect(entry.sessionId).not.toBe(before[key]?.sessionId);
        expect(listed[key]).toMatchObject({ sessionId: entry.sessionId, updatedAt: entry.updatedAt });
        expect(Date.now() - Number(entry.updatedAt)).toBeLessThan(RECENTLY_MS);
        expect(pick(entry, KEPT)).toEqual(pick(before[key], KEPT));
        expect(pick(entry, GONE)).toEqual({});
      }
    }
  });

  test("the next message begins a transcript under the new id, with the old route and toggles", async ({ skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    makeIdleState(version);
    await archive();
    const freshId = String(readRegistryOf(state)[MAIN]?.sessionId);
    await receive(openclaw);
    const entry = readRegistryOf(state)[MAIN];
    const file = join(sessionsFolder(state), `${freshId}.jsonl`);
    expect(entry).toMatchObject({ sessionId: freshId, sessionFile: file });
    const route = ["deliveryContext", "lastTo", "thinkingLevel", "verboseLevel"];
    expect(pick(entry, route)).toEqual(pick(state.registries.main[MAIN], route));
    expect(existsSync(file)).toBe(false);
    const context: BuiltContext = JSON.parse(
      await runScript("begin-transcript.ts", openclaw, state, file, freshId, state.workspace),
    );
    expect(context.messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
    expect(JSON.parse(readFileSync(file, "utf8").split("\n")[0] ?? "")).toMatchObject({ type: "session", id: freshId });
  });

  test("after an undo it reads every history as before, and goes on in it", async ({ skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    const transcripts = makeIdleState(version).filter((path) => path.startsWith(state.openclaw));
    const look = async () => ({
      contexts: await contextsOf(openclaw, transcripts),
      stores: await Promise.all(AGENTS.map((agent) => readStore(openclaw, agent))),
      listed: await Promise.all(AGENTS.map((agent) => listSessions(openclaw, agent))),
    });
    const before = await look();
    expect(before.contexts.every(({ messages }) => messages.length > 0)).toBe(true);
    const files = filesOf(state);
    const { runId } = await archive();
    const undone = await keeperJson(["restore", "undo", runId, ...state.args], state.env);
    expect({ exitCode: undone.status, findings: undone.installations[0]?.findings }).toEqual({
      exitCode: 0,
      findings: [],
    });
    expect(filesOf(state)).toEqual(files);
    expect(await look()).toEqual(before);
    await receive(openclaw);
    expect(readRegistryOf(state)[MAIN]).toMatchObject(
      pick(state.registries.main[MAIN], ["sessionId", "sessionFile", "deliveryContext", "thinkingLevel"]),
    );
  });
});

test.for(["2026.2.9", "2026.4.15"])(
  "beside the registry's writer of %s, archive loses no update on either side",
  async (version, { skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    const transcripts = makeIdleState(version);
    const store = join(sessionsFolder(state), "sessions.json");
    const writer = await startScript<WriterReport>("write-store.ts", openclaw, state, store, COUNTED);
    try {
      for (let run = 1; transcripts.some((path) => existsSync(path)); run += 1) {
        // as cron does: what the registry was too busy for waits for the next run
        expect(run).toBeLessThanOrEqual(MOST_RUNS);
        await keeperJson(["archive", ...state.args], state.env);
      }
    } finally {
      writer.end();
    }
    const report = await writer.done();
    expect(report).toMatchObject({ lost: [], errors: [] });
    const registry = readRegistryOf(state);
    expect(registry[COUNTED]?.count).toBe(report.updates);
    const before = state.registries.main;
    expect(Object.keys(registry).sort()).toEqual(
      [...Object.keys(before).filter((key) => !isOver(key)), COUNTED].sort(),
    );
    for (const key of Object.keys(registry)) expect(registry[key]?.sessionId).not.toBe(before[key]?.sessionId);
  },
);

/** A state in which nothing has happened for a week. Returns its transcripts. */
function makeIdleState(version: string): string[] {
  state = copyState(version);
  const { main, ops } = state.registries;
  Object.assign(main[MAIN] ?? {}, { thinkingLevel: "low", verboseLevel: "on" });
  for (const key of [CRON_RUN, SUBAGENT]) {
    const sessionId = key.slice(-36);
    const sessionFile = growOpenClawTranscript(state, sessionId, 3000);
    main[key] = { sessionId, sessionFile, updatedAt: 0, chatType: "direct" };
  }
  for (const { claudeCliSessionId } of Object.values(ops)) putClaudeTranscript(state, String(claudeCliSessionId), 3000);
  for (const agent of AGENTS) {
    for (const entry of Object.values(state.registries[agent])) {
      for (const name of Object.keys(entry)) if (/At$/.test(name)) entry[name] = Date.now() - IDLE_MS;
    }
    writeRegistry(state, state.registries[agent], agent);
  }
  keepSessionsForAMonth();
  const transcripts = [join(state.openclaw, "agents"), join(state.claude, "projects")].flatMap((folder) =>
    Object.keys(snapshot(folder))
      .filter((name) => name.endsWith(".jsonl"))
      .map((name) => join(folder, name)),
  );
  for (const path of transcripts) makeIdle(path);
  return transcripts;
}

function makeIdle(path: string): void {
  const rows = readFileSync(path, "utf8").trimEnd().split("\n");
  const old = rows.map((row, index) => {
    const timestamp = new Date(Date.now() - EARLIER_MS - (rows.length - index) * 1000).toISOString();
    return row.replace(/"timestamp":"[^"]+"/, `"timestamp":"${timestamp}"`);
  });
  writeFileSync(path, `${old.join("\n")}\n`);
  age(path, EARLIER_MS);
}

/** Otherwise the package begins a new session each day, whatever the registry says. */
function keepSessionsForAMonth(): void {
  const path = join(state.openclaw, "openclaw.json");
  const config = JSON.parse(readFileSync(path, "utf8"));
  config.session = { ...config.session, reset: { mode: "idle", idleMinutes: 43_200 } };
  writeFileSync(path, JSON.stringify(config));
}

async function archive() {
  const report = await keeperJson(["archive", ...state.args], state.env);
  expect({ exitCode: report.status, stderr: report.stderr }).toEqual({ exitCode: 0, stderr: "" });
  const unfinished = report.installations[0]?.actions.filter(({ result }) => !/done$/.test(result));
  expect({ unfinished, spared: report.installations[0]?.spared }).toEqual({ unfinished: [], spared: [] });
  return report;
}

async function receive(openclaw: InstalledOpenClaw): Promise<void> {
  await runScript("receive-message.ts", openclaw, state, join(state.openclaw, "openclaw.json"), MAIN);
}

async function readStore(openclaw: InstalledOpenClaw, agent: string): Promise<Registry> {
  const store = join(sessionsFolder(state, agent), "sessions.json");
  return JSON.parse(await runScript("read-store.ts", openclaw, state, store));
}

/** What the package's command line tells of each session, but for its age. */
async function listSessions(openclaw: InstalledOpenClaw, agent: string): Promise<Registry> {
  const store = join(sessionsFolder(state, agent), "sessions.json");
  const listed = await runOpenClaw(openclaw, state, "sessions", "--json", "--store", store);
  const { sessions } = JSON.parse(listed.slice(listed.indexOf("{"))) as { sessions: Registry[string][] };
  return Object.fromEntries(sessions.map(({ ageMs, ...session }) => [String(session.key), session]));
}

/** What the package rebuilds from copies of these transcripts: it may write to what it opens. */
async function contextsOf(openclaw: InstalledOpenClaw, transcripts: readonly string[]): Promise<BuiltContext[]> {
  const folder = mkdtempSync(join(state.root, "copies-"));
  const copies = transcripts.map((path) => join(folder, basename(path)));
  for (const [index, path] of transcripts.entries()) copyFileSync(path, copies[index] ?? "");
  const printed = await runScript("continue-transcript.ts", openclaw, state, ...copies);
  return printed
    .trimEnd()
    .split("\n")
    .map((line) => {
      const continued: Continued = JSON.parse(line);
      if ("error" in continued) throw new Error(continued.error);
      return continued.context;
    });
}

/** Every file of both homes but the archives; of a registry without its time, which must differ. */
function filesOf({ openclaw, claude }: State): Record<string, string> {
  const files = Object.entries({ ...snapshot(join(openclaw, "agents")), ...snapshot(join(claude, "projects")) });
  const contents = files.filter(([name]) => /\.jsonl?$/.test(name));
  return Object.fromEntries(
    contents.map(([name, text]) => [name, name.endsWith("sessions.json") ? text.replace(/^\S+ /, "") : text]),
  );
}

const isOver = (key: string) => /:run:|:subagent:/.test(key);

const pick = (entry: object | undefined, names: readonly string[]) =>
  Object.fromEntries(Object.entries(entry ?? {}).filter(([name]) => names.includes(name)));
