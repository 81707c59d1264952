import { randomUUID } from "node:crypto";
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { age, readRegistryOf, sessionsFolder, snapshot, writeRegistry } from "../support/home.ts";
import { keeperJson } from "../support/keeper.ts";
import { endingAt } from "../support/validate.ts";
import { type InstalledOpenClaw, installOpenClaw } from "./packages.ts";
import { startWriter } from "./start-writer.ts";
import { copyState, type Registry, runOpenClaw, runScript, type State } from "./state.ts";

const SESSIONS = 20;
const ROUNDS = 200;
/** Where nothing may be written, each round shows the same. */
const IDLE_ROUNDS = 50;
/** As long as a cron would go on after the last round, for what the registry was too busy for. */
const MOST_RUNS_AFTER = 10;
const MAIN = "agent:main:main";
const GROUP = "agent:main:telegram:group:-1002003004";
const COUNTED = "agent:main:counted";
/** Long ago enough that nothing is being born, or in use. */
const QUIET_MS = 600_000;

let state: State;
afterEach(() => state?.remove());

describe.each(["2026.2.9", "2026.4.15", "2026.6.11"])("OpenClaw %s", (version) => {
  test("of twenty sessions, three without an entry are found, entered, listed, and gone on in", async ({ skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    const { before, lost } = loseEntries(version);

    const found = await validate();
    expect(found.status).toBe(1);
    expect(unregistered(found)).toEqual(idsOf(lost));
    const repaired = await validate("--repair");
    expect(repaired.installations[0]?.actions.map(({ kind, result }) => `${kind} ${result}`)).toEqual(
      Array.from({ length: lost.length }, () => "edit-registry done"),
    );
    expect(repaired.status).toBe(0);
    expect(unregistered(await validate())).toEqual([]);

    const after = readRegistryOf(state);
    for (const [key, entry] of Object.entries(before)) {
      if (!lost.some(([name]) => name === key)) expect(after[key]).toEqual(entry);
    }
    expect(idsOf(Object.entries(after))).toEqual(idsOf(Object.entries(before)));
    const { sessions } = await listed(openclaw);
    expect(sessions.map(({ sessionId }) => sessionId).sort()).toEqual(idsOf(Object.entries(before)));

    // where nothing tells whose it was, it has a key of its own
    for (const [, { sessionId }] of lost) {
      const [key = "", entry] = Object.entries(after).find(([, one]) => one.sessionId === sessionId) ?? [];
      expect(entry).toMatchObject({ sessionId, repaired: true });
      await runScript("receive-message.ts", openclaw, state, join(state.openclaw, "openclaw.json"), key);
      expect(readRegistryOf(state)[key]).toMatchObject({ sessionId, sessionFile: transcriptPath(String(sessionId)) });
    }
  });

  test("a group that is given to the other agent goes on there in its own session", async ({ skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    state = copyState(version);
    moveRows();
    const { sessionId } = state.registries.main[GROUP] ?? {};
    const before = await contextOf(openclaw, transcriptPath(String(sessionId)));
    giveToOps("700", { kind: "group", id: "-1002003004" });

    const report = await validate("--repair", "--resolve-strays");
    expect(report.status).toBe(0);
    const key = GROUP.replace(":main:", ":ops:");
    const path = join(sessionsFolder(state, "ops"), `${sessionId}.jsonl`);
    expect(readRegistryOf(state, "ops")[key]).toEqual({ ...state.registries.main[GROUP], sessionFile: path });
    expect(Object.keys(readRegistryOf(state))).not.toContain(GROUP);

    const store = join(sessionsFolder(state, "ops"), "sessions.json");
    const listed = await runOpenClaw(openclaw, state, "sessions", "--json", "--store", store);
    expect(JSON.parse(listed.slice(listed.indexOf("{"))).sessions).toContainEqual(
      expect.objectContaining({ key, sessionId }),
    );
    await runScript("receive-message.ts", openclaw, state, join(state.openclaw, "openclaw.json"), key);
    expect(readRegistryOf(state, "ops")[key]).toMatchObject({ sessionId, sessionFile: path });
    expect(await contextOf(openclaw, path)).toEqual(before);
  });
});

test.for(["2026.2.9", "2026.4.15"])(
  "two hundred repairs beside the registry's writer of %s lose no update on either side",
  async (version, { skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    state = copyState(version);
    const laid: string[] = [];
    const repairs = { done: 0, longestHoldMs: 0 };
    const repair = async () => {
      const report = await validate("--repair");
      for (const { result, detail } of report.installations[0]?.actions ?? []) {
        expect(result).toMatch(/^(done|busy)$/);
        if (result === "done") repairs.done += 1;
        repairs.longestHoldMs = Math.max(repairs.longestHoldMs, Number(detail?.holdMs ?? 0));
      }
      return report;
    };
    const writer = await startWriter(openclaw, state, "main", COUNTED);
    try {
      for (let round = 0; round < ROUNDS; round += 1) {
        laid.push(layOrphan());
        await repair();
      }
      for (let run = 0; unregistered(await repair()).length > 0; run += 1) expect(run).toBeLessThan(MOST_RUNS_AFTER);
    } finally {
      writer.end();
      await writer.closed;
    }
    const report = writer.report();
    expect(report).toMatchObject({ lost: [], errors: [] });
    expect(report.updates).toBeGreaterThan(ROUNDS);
    const registry = readRegistryOf(state);
    expect(registry[COUNTED]?.count).toBe(report.updates);
    expect(repairs.done).toBe(ROUNDS);
    const entered = Object.values(registry).map(({ sessionId }) => sessionId);
    expect(laid.filter((sessionId) => entered.filter((one) => one === sessionId).length !== 1)).toEqual([]);
    for (const [key, entry] of Object.entries(state.registries.main)) expect(registry[key]).toEqual(entry);
    expect(repairs.longestHoldMs).toBeLessThan(2000);
  },
);

test("beside the registry's writer of 2026.6.11, which heeds no lock, nothing is written, and all of it once it is gone", async ({
  skip,
}) => {
  const openclaw = await installOpenClaw("2026.6.11");
  if ("missing" in openclaw) return skip(openclaw.missing);
  state = copyState("2026.6.11");
  giveToOps("700");
  const laid: string[] = [];
  const writer = await startWriter(openclaw, state, "main", COUNTED);
  try {
    for (let round = 0; round < IDLE_ROUNDS; round += 1) {
      if (round % 10 === 0) laid.push(layOrphan());
      const report = await validate("--repair");
      expect(report.installations[0]?.actions).toEqual([]);
      const spared = report.installations[0]?.spared.filter(({ because }) => because === "registry-gateway-up");
      expect(spared).toHaveLength(laid.length);
    }
  } finally {
    writer.end();
    await writer.closed;
  }
  const report = writer.report();
  expect(report).toMatchObject({ lost: [], errors: [] });
  expect(report.updates).toBeGreaterThan(IDLE_ROUNDS);
  const { [COUNTED]: counted, ...others } = readRegistryOf(state);
  expect(counted?.count).toBe(report.updates);
  expect(others).toEqual(state.registries.main);
  expect(Object.keys(snapshot(sessionsFolder(state))).filter((name) => name.includes(".bak-"))).toEqual([]);

  expect((await validate("--repair")).status).toBe(0);
  const { [COUNTED]: stillCounted, ...entered } = readRegistryOf(state);
  expect(stillCounted?.count).toBe(report.updates);
  expect(idsOf(Object.entries(entered))).toEqual([...idsOf(Object.entries(others)), ...laid].sort());
});

function validate(...more: string[]) {
  return keeperJson(["validate-registry", ...more, ...state.args], state.env);
}

function unregistered({ installations }: Awaited<ReturnType<typeof validate>>) {
  return installations
    .flatMap(({ findings }) => findings)
    .flatMap(({ kind, sessionId }) => (kind === "unregistered-transcript" ? (sessionId ?? "") : []))
    .sort();
}

async function listed(openclaw: InstalledOpenClaw): Promise<{ sessions: { key: string; sessionId: string }[] }> {
  const store = join(sessionsFolder(state), "sessions.json");
  const printed = await runOpenClaw(openclaw, state, "sessions", "--json", "--store", store);
  return JSON.parse(printed.slice(printed.indexOf("{")));
}

/** Fills the agent up to twenty sessions like the group's, and loses the entries of the main one, the group, and another. */
function loseEntries(version: string) {
  state = copyState(version);
  moveRows();
  const entries: Registry = Object.fromEntries(
    // an entry of a job stands beside that of its last run, for the same transcript
    Object.entries(state.registries.main).filter(([key]) => !key.includes(":cron:")),
  );
  const withoutOther = Object.keys(state.registries.main).filter(
    (key) => key.includes(":cron:") && key.includes(":run:"),
  );
  for (const key of withoutOther) entries[key] = state.registries.main[key] ?? {};
  for (let index = 1; Object.keys(entries).length < SESSIONS; index += 1) {
    const peer = String(-1_002_003_004 - index);
    const like = JSON.stringify(entries[GROUP]).replaceAll("-1002003004", peer);
    const sessionId = copyTranscript(String(entries[GROUP]?.sessionId), peer);
    entries[GROUP.replace("-1002003004", peer)] = JSON.parse(
      like.replaceAll(String(entries[GROUP]?.sessionId), sessionId),
    );
  }
  const lost = [MAIN, GROUP, `${GROUP.slice(0, -1)}9`].map((key) => [key, entries[key] ?? {}] as const);
  giveToOps("700");
  const left = Object.entries(entries).filter(([key]) => !lost.some(([name]) => name === key));
  writeRegistry(state, Object.fromEntries(left));
  return { before: entries, lost };
}

/** The rows of the fixture are of one day; a session in which nothing happened since then begins anew with the next message. */
function moveRows(): void {
  for (const name of readdirSync(sessionsFolder(state)).filter((one) => one.endsWith(".jsonl"))) {
    const path = join(sessionsFolder(state), name);
    writeFileSync(path, endingAt(readFileSync(path, "utf8"), Date.now() - QUIET_MS), { mode: 0o600 });
    age(path, QUIET_MS);
  }
}

/** Its messages come to the agent `ops`, as its entry in the fixture says; without that it is a stray. */
function giveToOps(id: string, ...others: { kind: string; id: string }[]): void {
  const path = join(state.openclaw, "openclaw.json");
  const settings = JSON.parse(readFileSync(path, "utf8"));
  const peers = [{ kind: "dm", id }, ...others];
  settings.bindings = peers.map((peer) => ({ agentId: "ops", match: { channel: "telegram", peer } }));
  writeFileSync(path, JSON.stringify(settings, null, 2));
}

/** What the release rebuilds of a transcript. A copy is opened, because it may be written to. */
async function contextOf(openclaw: InstalledOpenClaw, path: string): Promise<unknown> {
  const copy = join(state.root, "copy.jsonl");
  copyFileSync(path, copy);
  const printed = await runScript("open-transcript.ts", openclaw, state, copy);
  return JSON.parse(printed.slice(printed.indexOf("{"))).context;
}

/** A session that the gateway made without an entry: a group of its own. Returns its id. */
function layOrphan(): string {
  return copyTranscript(String(state.registries.main[GROUP]?.sessionId), `-100${Math.floor(Math.random() * 1e9)}`);
}

function copyTranscript(like: string, peer: string): string {
  const sessionId = randomUUID();
  const text = readFileSync(transcriptPath(like), "utf8").replaceAll(like, sessionId).replaceAll("-1002003004", peer);
  const path = transcriptPath(sessionId);
  writeFileSync(path, text, { mode: 0o600 });
  age(path, QUIET_MS);
  return sessionId;
}

function transcriptPath(sessionId: string): string {
  return join(sessionsFolder(state), `${sessionId}.jsonl`);
}

const idsOf = (entries: readonly (readonly [string, Record<string, unknown>])[]) =>
  entries.map(([, { sessionId }]) => String(sessionId)).sort();
