import { readSessionKey } from "../registry/session-key.ts";
import type { Shown } from "./agreement.ts";
import { type KeySettings, keyFor } from "./key.ts";
import type { Neighbours, Source } from "./neighbours.ts";

type Session = {
  agentId: string;
  sessionId: string;
  shown?: Shown | undefined;
  neighbours: Neighbours;
  settings?: KeySettings;
};

/**
 * The key for a session: the right one where it is known and free, else one made of the session's id. Never one that is taken.
 * Pure.
 *
 * @param taken in lower case
 */
export function chooseKey(
  session: Session,
  taken: ReadonlySet<string>,
): { right: RightKey; key: string; isSubstitute: boolean } {
  const right = rightKey(session);
  return { right, ...freeKey(right.key, session.sessionId, session.agentId, taken) };
}

/** The key that the session had, and what told it. */
export type RightKey = { key?: string; from: Source | "rows" | "none" };

function rightKey({ agentId, sessionId, shown, neighbours, settings }: Session): RightKey {
  const isElsewhere = shown !== undefined && shown.kind !== "subagent" && shown.kind !== "own-client";
  for (const { key: named, from } of neighbours.keys) {
    // The words alone link a task to a session, so the session must not show something else.
    if (from === "task" && isElsewhere) continue;
    const key =
      named === ALIAS && from !== "backup"
        ? `agent:${agentId}:${settings?.mainKey?.trim().toLowerCase() || ALIAS}`
        : named;
    if (isKeyOf(agentId, key, from)) return { key, from };
  }
  const key = shown && keyFor(shown, agentId, sessionId, settings);
  return key === undefined ? { from: "none" } : { key, from: "rows" };
}

/** What the gateway calls an agent's main session when it speaks of it. */
const ALIAS = "main";

/** One that can stand in this agent's registry. Runs that are no session's name made-up keys in logs. */
function isKeyOf(agentId: string, key: string, from: Source): boolean {
  const { agent } = readSessionKey(key);
  if (agent === undefined && key !== "global" && from !== "backup") return false;
  return /^[^\s\p{Cc}]{1,512}$/u.test(key) && (agent === undefined || agent === agentId.toLowerCase());
}

function freeKey(right: string | undefined, sessionId: string, agentId: string, taken: ReadonlySet<string>) {
  if (right !== undefined && !taken.has(right.toLowerCase())) return { key: right, isSubstitute: false };
  const substitute = `agent:${agentId}:${sessionId}`;
  let key = substitute;
  for (let attempt = 2; taken.has(key.toLowerCase()); attempt += 1) key = `${substitute}-${attempt}`;
  return { key, isSubstitute: true };
}
