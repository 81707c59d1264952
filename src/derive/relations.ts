import { asRow, asRows, asText, asTime, type Row } from "../dialects/dialect.ts";
import { sha256Of } from "../disk/sha256.ts";
import { optional } from "../json/optional.ts";
import { readSessionKey } from "../registry/session-key.ts";

/** A task that was given to a subagent. `taskSha256`: of what it was asked. `atMs`: when (epoch ms). */
export type Spawn = { childSessionKey: string; requesterSessionKey?: string; taskSha256: string; atMs: number };

/** What the rows of some sessions tell of others: the gateway's own tools and its announcements name them. */
export type Relations = {
  /** keys by session id; an id that they give several keys has none */
  keys: ReadonlyMap<string, string>;
  spawns: readonly Spawn[];
};

/**
 * Gathers what rows of transcripts tell of other sessions: lists of sessions, tasks that were given to subagents, and the messages
 * in which the gateway announces that a task is done. Only what the gateway itself wrote there counts, not what somebody said.
 * Pure but for what it gathers.
 *
 * @returns takes rows in their order; `told` gives what they told so far
 */
export function gatherRelations(): { take: (row: Row) => void; told: () => Relations } {
  const keys = new Map<string, Set<string>>();
  const tasks = new Map<string, string>();
  const spawns: Spawn[] = [];
  const note = (id: unknown, key: unknown) => {
    const [sessionId, sessionKey] = [asText(id), asText(key)];
    if (sessionId !== undefined && sessionKey !== undefined)
      keys.set(sessionId, (keys.get(sessionId) ?? new Set()).add(sessionKey));
  };
  const take = (row: Row) => {
    for (const { id, name, task } of callsIn(row)) if (name === SPAWN && task !== undefined) tasks.set(id, task);
    const result = toolResultOf(row);
    if (result?.tool === "sessions_list")
      for (const { sessionId, key } of asRows(result.details.sessions)) note(sessionId, key);
    if (result?.tool === SPAWN) {
      const task = tasks.get(result.callId);
      const childSessionKey = asText(result.details.childSessionKey);
      const atMs = asTime(row.timestamp);
      if (task !== undefined && childSessionKey !== undefined && atMs !== undefined)
        spawns.push({ childSessionKey, taskSha256: sha256Of(task), atMs });
    }
    for (const { sessionId, sessionKey } of announcedIn(userTextOf(row) ?? "")) note(sessionId, sessionKey);
  };
  return {
    take,
    told: () => ({
      keys: new Map([...keys].flatMap(([id, named]) => (named.size === 1 ? [[id, [...named][0] ?? ""] as const] : []))),
      spawns,
    }),
  };
}

const SPAWN = "sessions_spawn";

/** The tasks in the gateway's own list of subagents (`subagents/runs.json`). Pure; never throws. */
export function spawnsInRuns(runs: string): Spawn[] {
  return Object.values(asRow(parse(runs).runs)).flatMap((value) => {
    const { childSessionKey, requesterSessionKey, task, createdAt } = asRow(value);
    const [key, asked] = [asText(childSessionKey), asText(task)];
    if (key === undefined || asked === undefined || typeof createdAt !== "number") return [];
    const spawn = { childSessionKey: key, taskSha256: sha256Of(asked.trim()), atMs: createdAt };
    return [{ ...spawn, ...optional("requesterSessionKey", asText(requesterSessionKey)) }];
  });
}

/** The key that the gateway's own tool told a session when it asked about itself; undefined when it told several. Pure. */
export function ownKeyIn(rows: readonly Row[]): string | undefined {
  const asked = new Set(
    rows.flatMap((row) =>
      callsIn(row).flatMap(({ id, name, sessionKey }) => (name === STATUS && sessionKey === undefined ? [id] : [])),
    ),
  );
  const told = rows.flatMap((row) => {
    const result = toolResultOf(row);
    return result?.tool === STATUS && asked.has(result.callId) ? (asText(result.details.sessionKey) ?? []) : [];
  });
  return new Set(told).size === 1 ? told[0] : undefined;
}

const STATUS = "session_status";

/** The text of a message of the role `user`; undefined for every other row. */
export function userTextOf({ type, message }: Row): string | undefined {
  const { role, content } = asRow(message);
  if (type !== "message" || role !== "user") return undefined;
  return asText(content) ?? asText(asRows(content).find((block) => block.type === "text")?.text);
}

/** What releases up to 2026.2 put behind what a subagent found, and later ones in front of it. */
const ANNOUNCED = /^(?:\[[^\]\n]{1,60}\] )?(?:\[System Message\] [^\n]*|A [a-z ]{3,40} "[\s\S]{0,2000}?" just )/;
const STATS = /^Stats: [^\n]* sessionKey (\S+) \u2022 sessionId (\S+)(?: |$)/gm;
const EVENT = /^source: [a-z_-]+\nsession_key: (\S+)\nsession_id: (\S+)$/gm;

function announcedIn(text: string): { sessionKey: string; sessionId: string }[] {
  // what the subagent said stands before the last such line, and could look like one
  const stats = ANNOUNCED.test(text) ? [...text.matchAll(STATS)].slice(-1) : [];
  const events = [...text.matchAll(EVENT)].slice(0, 1);
  return [...stats, ...events].flatMap(([, sessionKey = "", sessionId = ""]) =>
    readSessionKey(sessionKey).kind === "subagent" ? [{ sessionKey, sessionId }] : [],
  );
}

type Call = { id: string; name: string; task?: string; sessionKey?: string };

function callsIn({ type, message }: Row): Call[] {
  const { role, content } = asRow(message);
  if (type !== "message" || role !== "assistant") return [];
  return asRows(content).flatMap((block) => {
    const [id, name] = [asText(block.id), asText(block.name)];
    if (block.type !== "toolCall" || id === undefined || name === undefined) return [];
    const { task, sessionKey } = asRow(block.arguments);
    return [{ id, name, ...optional("task", asText(task)?.trim()), ...optional("sessionKey", asText(sessionKey)) }];
  });
}

/** `details`: what the tool gave, as the program keeps it, else as it was told to the model. */
function toolResultOf({ type, message }: Row): { tool: string; callId: string; details: Row } | undefined {
  const { role, toolName, toolCallId, details, content } = asRow(message);
  const [tool, callId] = [asText(toolName), asText(toolCallId)];
  if (type !== "message" || role !== "toolResult" || tool === undefined || callId === undefined) return undefined;
  const told = asText(asRows(content).find((block) => block.type === "text")?.text);
  return { tool, callId, details: details === undefined ? parse(told ?? "") : asRow(details) };
}

function parse(text: string): Row {
  try {
    return asRow(JSON.parse(text));
  } catch {
    return {};
  }
}
