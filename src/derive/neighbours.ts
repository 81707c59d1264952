import { asRow, asRows, asText, type Row } from "../dialects/dialect.ts";
import { optional } from "../json/optional.ts";
import type { Spawn } from "./relations.ts";

/** An entry of a registry, or of a copy of one. */
export type KnownEntry = {
  key: string;
  sessionId?: string;
  /** the entry's JSON */
  text: string;
};

/** Where somebody else's word on a session comes from. */
export type Source =
  | "trace"
  | "backup"
  | "archive"
  | "cron-log"
  | "gateway-log"
  | "own-status"
  | "note"
  | "other-session"
  | "task";

/** What others tell of a session that no entry leads to. */
export type Neighbours = {
  /** the key that this very session had, from the most believable source on */
  keys: { key: string; from: Source }[];
  /** the entry that it had in a copy of the registry, the newest first: its fields are the gateway's own */
  entry?: Record<string, unknown>;
  /** an entry that continues it or that it was forked from: same place, another session */
  kin?: { key: string; entry: Record<string, unknown> };
  /** who started it, of a subagent */
  spawnedBy?: string;
};

export type Surroundings = {
  /** the registry that lost the entry */
  entries: readonly KnownEntry[];
  /** entries of copies of it, the newest copy first */
  backups: readonly KnownEntry[];
  /** keys by session id: of traces, of the list of archives, of records of cron runs, of logs, of the gateway's notes, of other sessions */
  traced?: ReadonlyMap<string, string>;
  archived?: ReadonlyMap<string, string>;
  cronRuns?: ReadonlyMap<string, string>;
  logged?: ReadonlyMap<string, string>;
  noted?: ReadonlyMap<string, string>;
  related?: ReadonlyMap<string, string>;
  /** tasks that subagents were given */
  spawns?: readonly Spawn[];
};

/**
 * The session that is asked for. `startedAt`: epoch ms of its first row. `parentSession`: as its header names it. `ownKey`,
 * `taskSha256`: as its rows show them.
 */
export type Asked = {
  sessionId: string;
  /** the transcript's file name */
  fileName: string;
  startedAt?: number | undefined;
  parentSession?: string | undefined;
  ownKey?: string | undefined;
  taskSha256?: string | undefined;
};

/** What others tell of a session. Pure; never throws, whatever the texts hold. */
export function askNeighbours(asked: Asked, around: Surroundings): Neighbours {
  const { sessionId } = asked;
  const backup = bestBackup(asked, around.backups);
  const run = spawnOf(asked, around);
  const told: [string | undefined, Source][] = [
    [around.traced?.get(sessionId), "trace"],
    [backup?.key, "backup"],
    [around.archived?.get(sessionId), "archive"],
    [around.cronRuns?.get(sessionId), "cron-log"],
    [around.logged?.get(sessionId), "gateway-log"],
    [asked.ownKey, "own-status"],
    [around.noted?.get(sessionId), "note"],
    [around.related?.get(sessionId), "other-session"],
    [run?.childSessionKey, "task"],
  ];
  return {
    keys: told.flatMap(([key, from]) => (key === undefined ? [] : [{ key, from }])),
    ...optional("entry", backup && parse(backup.text)),
    ...optional("kin", kinOf(asked, around)),
    ...optional("spawnedBy", run?.requesterSessionKey),
  };
}

/** A cron job has two entries for one transcript: the run's own tells more. */
function bestBackup({ sessionId, fileName }: Asked, backups: readonly KnownEntry[]): KnownEntry | undefined {
  const own = backups.filter((entry) => entry.sessionId === sessionId && leadsTo(entry, fileName));
  return own.find(({ key }) => key.endsWith(`:run:${sessionId}`)) ?? own[0];
}

/** A topic's session has a file name of its own, so entries of one session id may lead to different files. */
function leadsTo({ sessionId, text }: KnownEntry, fileName: string): boolean {
  const sessionFile = asText(parse(text).sessionFile);
  return sessionFile === undefined ? fileName === `${sessionId}.jsonl` : sessionFile.split(/[\\/]/).at(-1) === fileName;
}

/** Older sessions of the same place are listed in its entry; the entry of another may be what this one was forked from. */
function kinOf({ sessionId, parentSession }: Asked, around: Surroundings): Neighbours["kin"] {
  const parent = parentSession?.split(/[\\/]/).at(-1);
  const all = [...around.entries, ...around.backups];
  for (const entry of all) {
    if (!entry.text.includes(sessionId)) continue;
    const value = parse(entry.text);
    const family = Array.isArray(value.usageFamilySessionIds) ? value.usageFamilySessionIds : [];
    const cuts = asRows(value.compactionCheckpoints).flatMap((cut) => [
      cut.sessionId,
      asRow(cut.preCompaction).sessionId,
      asRow(cut.postCompaction).sessionId,
    ]);
    if ([...family, ...cuts].includes(sessionId)) return { key: entry.key, entry: value };
  }
  const origin = parent === undefined ? undefined : all.find((entry) => leadsTo(entry, parent));
  return origin && { key: origin.key, entry: parse(origin.text) };
}

/** Clocks are read one after the other, and a task may wait for its turn. */
const SPAWN_BEFORE_MS = 2000;
const SPAWN_AFTER_MS = 3_600_000;

/** The one task that says word for word what this session was asked, and whose own entry is missing too. */
function spawnOf({ startedAt, taskSha256 }: Asked, around: Surroundings): Spawn | undefined {
  if (startedAt === undefined || taskSha256 === undefined) return undefined;
  const kept = new Set(around.entries.map(({ key }) => key.toLowerCase()));
  const fitting = (around.spawns ?? []).filter((spawn) => {
    const laterMs = startedAt - spawn.atMs;
    const isInTime = laterMs >= -SPAWN_BEFORE_MS && laterMs <= SPAWN_AFTER_MS;
    return isInTime && spawn.taskSha256 === taskSha256 && !kept.has(spawn.childSessionKey.toLowerCase());
  });
  const [run] = fitting.toSorted(
    (a, b) => Number(b.requesterSessionKey !== undefined) - Number(a.requesterSessionKey !== undefined),
  );
  return new Set(fitting.map(({ childSessionKey }) => childSessionKey)).size === 1 ? run : undefined;
}

function parse(text: string): Row {
  try {
    return asRow(JSON.parse(text));
  } catch {
    return {};
  }
}
