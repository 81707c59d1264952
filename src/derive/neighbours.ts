import { asRow, asRows, asText, type Row } from "../dialects/dialect.ts";
import { optional } from "../json/optional.ts";

/** An entry of a registry, or of a copy of one. */
export type KnownEntry = {
  key: string;
  sessionId?: string;
  /** the entry's JSON */
  text: string;
};

/** Where somebody else's word on a session comes from. */
export type Source = "backup" | "registry" | "trace" | "cron-log" | "gateway-log" | "subagent-runs";

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
  /** by session id, as `sessionKeysIn` reads them */
  traced?: ReadonlyMap<string, string>;
  cronRuns?: ReadonlyMap<string, string>;
  logged?: ReadonlyMap<string, string>;
  /** the content of `subagents/runs.json` */
  subagentRuns?: string;
};

/** The session that is asked for. `startedAt`: epoch ms of its first row. `parentSession`: as its header names it. */
export type Asked = {
  sessionId: string;
  /** the transcript's file name */
  fileName: string;
  startedAt?: number | undefined;
  parentSession?: string | undefined;
};

/** What others tell of a session. Pure; never throws, whatever the texts hold. */
export function askNeighbours(asked: Asked, around: Surroundings): Neighbours {
  const { sessionId } = asked;
  const backup = bestBackup(asked, around.backups);
  const run = spawnOf(asked, around);
  const told: [string | undefined, Source][] = [
    [around.traced?.get(sessionId), "trace"],
    [backup?.key, "backup"],
    [around.cronRuns?.get(sessionId), "cron-log"],
    [around.logged?.get(sessionId), "gateway-log"],
    [run?.childSessionKey, "subagent-runs"],
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

const SPAWN_BEFORE_MS = 2000;
const SPAWN_AFTER_MS = 30_000;

/** The one task that was given out when this session began, and whose own entry is missing too. */
function spawnOf({ startedAt }: Asked, around: Surroundings) {
  if (around.subagentRuns === undefined || startedAt === undefined) return undefined;
  const kept = new Set(around.entries.map(({ key }) => key.toLowerCase()));
  const runs = Object.values(asRow(parse(around.subagentRuns).runs)).map(asRow);
  const fitting = runs.filter(({ createdAt, childSessionKey }) => {
    const laterMs = startedAt - Number(createdAt);
    const key = asText(childSessionKey);
    return (
      laterMs >= -SPAWN_BEFORE_MS && laterMs <= SPAWN_AFTER_MS && key !== undefined && !kept.has(key.toLowerCase())
    );
  });
  const [run] = fitting;
  if (!run || fitting.length > 1) return undefined;
  return {
    childSessionKey: asText(run.childSessionKey),
    requesterSessionKey: asText(run.requesterSessionKey),
  };
}

function parse(text: string): Row {
  try {
    return asRow(JSON.parse(text));
  } catch {
    return {};
  }
}
