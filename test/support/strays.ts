import { randomUUID } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { age, type Home, sessionsFolder } from "./home.ts";
import { addTalk, configureGateway, entryFor } from "./validate.ts";

export const GROUP = "telegram:group:-100";

/** The agents main and work; a group that is bound to work. `more`: of the agent work in the configuration. */
export function bindTheGroup(home: Home, more: Record<string, unknown> = {}): void {
  configureGateway(home, {
    agents: {
      defaults: { workspace: home.workspace },
      list: [
        { id: "main", default: true },
        { id: "work", ...more },
      ],
    },
    bindings: [{ agentId: "work", match: { channel: "telegram", peer: { kind: "group", id: "-100" } } }],
  });
}

type Stray = { sessionId: string; path: string; entry: Record<string, unknown>; original: Buffer };

/** A session of an agent, and its entry as after a message in the group. */
export function groupSession(
  home: Home,
  agent: string,
  more: Record<string, unknown> = {},
  tail: readonly object[] = [],
): Stray {
  const session = addTalk(home, { agent, tail });
  const to = "telegram:-100";
  const entry = entryFor(session, {
    chatType: "group",
    channel: "telegram",
    groupId: "-100",
    origin: { provider: "telegram", from: "telegram:group:-100", to, accountId: "default", chatType: "group" },
    deliveryContext: { channel: "telegram", to, accountId: "default" },
    lastChannel: "telegram",
    lastTo: to,
    lastAccountId: "default",
    ...more,
  });
  return { ...session, entry, original: readFileSync(session.path) };
}

/** A file that belongs to a session. `points`: it names the place of another one, and has to name its new place. */
export type Beside = { path: string; original: Buffer; points?: true };

/** Gives a session a trace, the pointer to it, and a copy from before a compaction that its entry names. */
export function addBeside({ path, sessionId, entry }: Stray): Beside[] {
  const stem = path.replace(/\.jsonl$/, "");
  const trace = `${stem}.trajectory.jsonl`;
  const checkpoint = `${stem}.checkpoint.${randomUUID()}.jsonl`;
  const pointer = { traceSchema: "openclaw-trajectory-pointer", schemaVersion: 1, sessionId, runtimeFile: trace };
  const event = { traceSchema: "openclaw-trajectory", sessionId, type: "session.started" };
  const contents: [string, string, true?][] = [
    [trace, `${JSON.stringify(event)}\n`],
    [`${stem}.trajectory-path.json`, JSON.stringify(pointer, null, 2), true],
    [checkpoint, readFileSync(path, "utf8")],
  ];
  const sessionFile = checkpoint;
  entry.compactionCheckpoints = [
    { checkpointId: "c1", preCompaction: { sessionId, sessionFile }, postCompaction: { sessionId, sessionFile: path } },
  ];
  return contents.map(([file, text, points]) => {
    writeFileSync(file, text, { mode: 0o600 });
    age(file, 600_000);
    return { path: file, original: Buffer.from(text), ...(points ? { points } : {}) };
  });
}

/** Where a file of a session lies once that is moved to an agent. */
export function movedTo(home: Home, agent: string, path: string): string {
  return join(sessionsFolder(home, agent), basename(path));
}

/** What a file holds once it is moved. */
export function afterMove(home: Home, agent: string, { path, original, points }: Beside): Buffer {
  const text = original.toString();
  return points ? Buffer.from(text.replaceAll(dirname(path), sessionsFolder(home, agent))) : original;
}

/** The entry as it is once it is moved. */
export function entryAfterMove(home: Home, agent: string, { entry, path }: Stray): Record<string, unknown> {
  return JSON.parse(JSON.stringify(entry).replaceAll(dirname(path), sessionsFolder(home, agent)));
}
