/** What the gateway's own hook notes of a session that ended, at the head of a file in the workspace. */
const NOTE =
  /^# Session: [^\n]*\n\n- \*\*Session Key\*\*: (\S+)\n- \*\*Session ID\*\*: ([A-Za-z0-9][A-Za-z0-9._-]{7,127})\n/;

/**
 * The session that a note of the gateway's memory hook is about (`memory/<date>-<words>.md`): its id and its key, which is `main` for
 * an agent's main session. Undefined for any other text. Pure.
 */
export function sessionInNote(text: string): { sessionId: string; sessionKey: string } | undefined {
  const [, sessionKey, sessionId] = NOTE.exec(text) ?? [];
  return sessionKey === undefined || sessionId === undefined ? undefined : { sessionId, sessionKey };
}
