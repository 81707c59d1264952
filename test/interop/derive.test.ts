import { readdirSync, readFileSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readBeside } from "../../src/derive/beside.ts";
import { deriveEntries } from "../../src/derive/derive-entries.ts";
import type { Facts } from "../../src/derive/derive-entry.ts";
import { readEvidence } from "../../src/derive/evidence.ts";
import { readMark } from "../../src/derive/mark.ts";
import { askNeighbours, type KnownEntry } from "../../src/derive/neighbours.ts";
import { readRegistryOf, sessionsFolder, writeRegistry } from "../support/home.ts";
import { installOpenClaw } from "./packages.ts";
import { copyState, type Registry, runOpenClaw, runScript, type State } from "./state.ts";

const AGENTS = ["main", "ops"] as const;
const kitchen = { kind: "group", channel: "telegram", peer: "-1002003004", thread: "7", to: "telegram:-1002003004" };
const ada = { kind: "direct", channel: "telegram", peer: "700", to: "telegram:700" };
const marks: Record<string, object> = {
  telegramDirect: ada,
  telegramTopic: kitchen,
  discordChannel: { kind: "group", channel: "discord", chatType: "channel", peer: "223456789012345678" },
  infoDirect: ada,
  infoTopic: kitchen,
  stamped: { kind: "stamped" },
  hook: { kind: "hook" },
};

describe.each(["2026.2.9", "2026.4.15", "2026.6.11"])("OpenClaw %s", (version) => {
  test("what its own functions put around messages is read", async ({ skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    const state = copyState(version);
    try {
      const shaped: Record<string, string> = JSON.parse(await runScript("shape-messages.ts", openclaw, state));
      expect(Object.keys(shaped).length).toBeGreaterThanOrEqual(4);
      for (const [name, text] of Object.entries(shaped)) expect(readMark(text), name).toMatchObject(marks[name] ?? {});
    } finally {
      state.remove();
    }
  });

  test("an emptied registry gets its entries again from a copy, and the release lists them as before", async ({
    skip,
  }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    const state = copyState(version);
    try {
      for (const agent of AGENTS) {
        const before = readRegistryOf(state, agent);
        const entries = await entriesFor(state, agent, {}, before);
        const keys = Object.keys(before).filter(
          (key) => hasTranscript(state, agent, before[key]) && !isJob(key, before),
        );
        expect(Object.keys(entries).sort()).toEqual(keys.sort());
        for (const key of keys) {
          const { model, lastTo, sessionId } = before[key] ?? {};
          expect(entries[key]).toMatchObject({ model, sessionId, ...(lastTo === undefined ? {} : { lastTo }) });
        }
        writeRegistry(state, entries, agent);
        const store = join(sessionsFolder(state, agent), "sessions.json");
        const listed = await runOpenClaw(openclaw, state, "sessions", "--json", "--store", store);
        const { sessions } = JSON.parse(listed.slice(listed.indexOf("{"))) as { sessions: { key: string }[] };
        expect(sessions.map(({ key }) => key).sort()).toEqual(keys.sort());
        const read: Registry = JSON.parse(await runScript("read-store.ts", openclaw, state, store));
        for (const key of keys) expect(read[key]).toMatchObject({ sessionId: entries[key]?.sessionId, repaired: true });
      }
    } finally {
      state.remove();
    }
  });

  test("an entry that nothing but its transcript tells of is listed too", async ({ skip }) => {
    const openclaw = await installOpenClaw(version);
    if ("missing" in openclaw) return skip(openclaw.missing);
    const state = copyState(version);
    try {
      const entries = await entriesFor(state, "main", {}, {});
      const files = readdirSync(sessionsFolder(state)).filter((name) => name.endsWith(".jsonl"));
      expect(Object.keys(entries)).toHaveLength(files.length);
      writeRegistry(state, entries);
      const store = join(sessionsFolder(state), "sessions.json");
      const listed = await runOpenClaw(openclaw, state, "sessions", "--json", "--store", store);
      const { sessions } = JSON.parse(listed.slice(listed.indexOf("{"))) as { sessions: { key: string }[] };
      expect(sessions.map(({ key }) => key).sort()).toEqual(Object.keys(entries).sort());
    } finally {
      state.remove();
    }
  });
});

test("the traces that OpenClaw 2026.6.11 writes of runs are enough to give every session its key", async ({ skip }) => {
  const openclaw = await installOpenClaw("2026.6.11");
  if ("missing" in openclaw) return skip(openclaw.missing);
  const state = copyState("2026.6.11");
  try {
    for (const agent of AGENTS) {
      const keys = Object.keys(readRegistryOf(state, agent));
      await runScript("write-trace.ts", openclaw, state, sessionsFolder(state, agent), ...keys);
      expect(Object.keys(await entriesFor(state, agent, {}, {})).sort()).toEqual(keys.sort());
    }
  } finally {
    state.remove();
  }
});

/** The entries for all transcripts of an agent, as they are made beside a registry and with a copy of one. */
async function entriesFor(state: State, agent: string, registry: Registry, copy: Registry): Promise<Registry> {
  const folder = sessionsFolder(state, agent);
  const names = readdirSync(folder).filter((name) => /^[0-9a-f-]{36}\.jsonl$/.test(name));
  const facts = await Promise.all(names.map((name) => factsOf(folder, name, agent, registry, copy)));
  const derived = deriveEntries(facts, Object.keys(registry));
  return Object.fromEntries(derived.flatMap((one) => (one.derived ? [[one.derived.key, one.derived.entry]] : [])));
}

async function factsOf(
  folder: string,
  fileName: string,
  agentId: string,
  registry: Registry,
  copy: Registry,
): Promise<Facts> {
  const path = join(folder, fileName);
  const { size, mtimeMs } = statSync(path);
  const file = await open(path);
  const evidence = await readEvidence(file, size).finally(() => file.close());
  const { traced, archived } = await readBeside(folder, fileName);
  const asked = { sessionId: fileName.replace(".jsonl", ""), fileName, startedAt: evidence.firstAt };
  const neighbours = askNeighbours(asked, { entries: known(registry), backups: known(copy), traced });
  const nameForGateway = (name: string) => name;
  return { path, mtimeMs, agentId, evidence, archived, neighbours, nameForGateway, nowMs: Date.now(), reason: "test" };
}

function known(registry: Registry): KnownEntry[] {
  return Object.entries(registry).map(([key, entry]) => ({
    key,
    sessionId: String(entry.sessionId),
    text: JSON.stringify(entry),
  }));
}

function hasTranscript(state: State, agent: string, entry: Record<string, unknown> | undefined): boolean {
  const name = `${entry?.sessionId}.jsonl`;
  return (
    readdirSync(sessionsFolder(state, agent)).includes(name) &&
    readFileSync(join(sessionsFolder(state, agent), name)).length > 0
  );
}

/** A job has an entry besides that of its last run, for the same transcript. */
function isJob(key: string, registry: Registry): boolean {
  return Object.keys(registry).some((other) => other.startsWith(`${key}:run:`));
}
