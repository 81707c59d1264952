import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSessionKey } from "../../src/registry/session-key.ts";
import { copyState } from "../interop/state.ts";
import { type Home, makeHome, readRegistryOf, writeRegistry } from "../support/home.ts";
import { classOf, type KeyClass, type KnownSession, makeReleaseHome, RELEASES } from "../support/release-homes.ts";
import { written } from "../support/unregistered.ts";
import { actionsOf, addTalk, registryPath, repair } from "../support/validate.ts";

/** What became of a session. `wrong`: it was given the key of another, or one of another kind. */
type Verdict = { session: KnownSession; key: string; isExact: boolean; isOfItsKind: boolean; isWrong: boolean };

function judge(session: KnownSession, registry: Record<string, Record<string, unknown>>): Verdict {
  const [key = "", entry = {}] = Object.entries(registry).find(([, one]) => one.sessionId === session.sessionId) ?? [];
  const isSubstitute = key === `agent:main:${session.sessionId}`;
  // in place of an id that nothing tells, a made-up one of the same kind; nobody else has it
  const isOwn = key.endsWith(`:${session.sessionId}`);
  const found = isSubstitute ? classByEntry(key, entry) : classOf(key);
  return {
    ...{ session, key, isExact: key === session.key, isOfItsKind: found === session.class },
    isWrong: found !== "other" && (found !== session.class || !(key === session.key || isOwn)),
  };
}

/** What the gateway takes a session for whose key does not tell. */
function classByEntry(key: string, { chatType }: Record<string, unknown>): KeyClass {
  const { kind } = readSessionKey(key, { chatType: typeof chatType === "string" ? chatType : undefined });
  return kind === "direct" ? "dm" : kind === "group" ? "group" : "other";
}

/** Takes away the registry, or some of its entries, repairs, and tells what each session got. */
async function lose(release: (typeof RELEASES)[number], lost: "all" | "every other one"): Promise<Verdict[]> {
  const { home, sessions, registry } = makeReleaseHome(release);
  try {
    const entries = Object.entries(JSON.parse(registry) as Record<string, object>);
    const kept = Object.fromEntries(entries.filter((_, index) => index % 2 === 0));
    if (lost === "all") rmSync(registryPath(home), { force: true });
    else writeFileSync(registryPath(home), JSON.stringify(kept, null, 2));
    const report = await repair(home);
    expect(report.status).toBe(0);
    const now = readRegistryOf(home);
    const missing = sessions.filter(({ key }) => lost === "all" || !(key in kept));
    for (const [key, entry] of lost === "all" ? [] : Object.entries(kept)) expect(now[key]).toEqual(entry);
    return missing.map((session) => judge(session, now));
  } finally {
    home.remove();
  }
}

describe("a home that lost entries", () => {
  const losses = RELEASES.map((release) => [release, "all"] as const);
  test.each([...losses, ["2026.2.9", "every other one"], ["2026.4.15", "every other one"]] as const)(
    "gets the right keys again, and no wrong one: %s, %s",
    async (release, lost) => {
      const verdicts = await lose(release, lost);
      expect(verdicts.filter(({ isWrong }) => isWrong)).toEqual([]);
      const derivable = verdicts.filter(({ session }) => session.derivable !== "no");
      const ofTheirKind = derivable.filter(({ isOfItsKind }) => isOfItsKind);
      expect(derivable.filter(({ isOfItsKind }) => !isOfItsKind)).toEqual([]);
      expect(ofTheirKind.length / verdicts.length).toBeGreaterThanOrEqual(release === "2026.6.11" ? 1 : 0.8);
      const exact = verdicts.filter(({ session }) => session.derivable === "key");
      expect(exact.filter(({ isExact }) => !isExact)).toEqual([]);
      const classes = new Set(derivable.map(({ session }) => session.class));
      const all: KeyClass[] = ["main", "dm", "group", "thread", "cron", "subagent"];
      if (lost === "all") for (const one of all) expect(classes).toContain(one);
    },
  );
});

describe.each(["2026.2.9", "2026.4.15", "2026.6.11"])("the state that OpenClaw %s wrote itself", (version) => {
  test("gets no wrong key where nothing but transcripts is left, and every entry where a copy is", async () => {
    const state = copyState(version);
    try {
      const path = registryPath(state);
      const before = readRegistryOf(state);
      const text = readFileSync(path, "utf8");
      rmSync(path);
      expect(actionsOf(await repair(state))).toMatchObject([{ kind: "edit-registry", result: "done" }]);
      const now = readRegistryOf(state);
      for (const [key, entry] of Object.entries(now)) {
        const { sessionId } = entry;
        // its messages came from the gateway's own clients, which reach every session
        const isSubstitute = key === `agent:main:${sessionId}`;
        expect(isSubstitute || before[key]?.sessionId === sessionId, key).toBe(true);
      }
      rmSync(path);
      writeFileSync(`${path}.bak.1770640000000`, text);
      expect(actionsOf(await repair(state))).toMatchObject([{ kind: "edit-registry", result: "done" }]);
      expect(readRegistryOf(state)).toEqual(before);
    } finally {
      state.remove();
    }
  });
});

describe("a session that shows nothing itself gets the key that is told", () => {
  const KEY = "agent:main:telegram:group:-1002003004";
  const tellers: [string, (home: Home, session: { sessionId: string; path: string }) => void][] = [
    [
      "by the gateway's log",
      ({ log }, { sessionId }) => writeFileSync(log, `${LOGGED} sessionId=${sessionId} sessionKey=${KEY} new=idle\n`),
    ],
    [
      "by a note of the gateway's hook",
      ({ workspace }, { sessionId }) => {
        mkdirSync(join(workspace, "memory"));
        const text = `# Session: 2026-11-20 16:57:00 UTC\n\n- **Session Key**: ${KEY}\n- **Session ID**: ${sessionId}\n- **Source**: telegram\n`;
        writeFileSync(join(workspace, "memory", "2026-11-20-fruit.md"), text);
      },
    ],
    [
      "by the list of our archives",
      ({ openclaw }, { sessionId, path }) => {
        mkdirSync(join(openclaw, "session-archives"));
        const record = { ...RECORD, source: path, sessionId, sessionKey: KEY };
        writeFileSync(join(openclaw, "session-archives", "catalog.jsonl"), `${JSON.stringify(record)}\n`);
      },
    ],
    [
      "by a trace in another place",
      ({ openclaw }, { sessionId, path }) => {
        const runtimeFile = join(openclaw, "traces.jsonl");
        const event = { traceSchema: "openclaw-trajectory", sessionId, sessionKey: KEY };
        writeFileSync(runtimeFile, `${JSON.stringify(event)}\n`);
        const pointer = { traceSchema: "openclaw-trajectory-pointer", schemaVersion: 1, sessionId, runtimeFile };
        writeFileSync(path.replace(".jsonl", ".trajectory-path.json"), JSON.stringify(pointer));
      },
    ],
    [
      "by a list of sessions that another session asked for",
      (home, { sessionId }) => {
        const content = [{ type: "text", text: JSON.stringify({ count: 1, sessions: [{ key: KEY, sessionId }] }) }];
        const message = { role: "toolResult", toolCallId: "toolu_1", toolName: "sessions_list", content };
        addTalk(home, { tail: [{ type: "message", id: "r1", message }] });
      },
    ],
  ];
  test.each(tellers)("%s", async (_, tell) => {
    const home = makeHome();
    try {
      writeRegistry(home, {});
      const session = addTalk(home, { messages: [written.stamped] });
      tell(home, session);
      expect((await repair(home)).status).toBe(0);
      expect(readRegistryOf(home)[KEY]?.sessionId).toBe(session.sessionId);
    } finally {
      home.remove();
    }
  });
});

const LOGGED = "2026-11-20T16:57:00.000Z [diagnostic] session state:";
const RECORD = {
  ...{
    archive: "openclaw/main/a.20261120T165700Z.size.jsonl.gz",
    at: "2026-11-20T16:57:00.000Z",
    runId: "r",
    command: "rotate",
  },
  ...{
    installation: "default",
    dialect: "openclaw",
    group: "main",
    reason: "size",
    bytes: 1,
    lines: 1,
    sha256: "0",
    gzipBytes: 1,
  },
  segment: 1,
};
