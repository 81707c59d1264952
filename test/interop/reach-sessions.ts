import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** A message of a rebuilt context, as the package holds it. */
export type ContextMessage = Record<string, unknown>;
/** What a turn begins with. */
export type BuiltContext = { messages: ContextMessage[]; thinkingLevel: string; model: object | null };

export type SessionManager = {
  getHeader: () => { id: string; cwd?: string } | null;
  buildSessionContext: () => BuiltContext;
  appendMessage: (message: ContextMessage) => string;
};

/** Up to 5.x the sessions are those of a library, later the package's own. */
const WHERE_SESSIONS_ARE = [
  ["dist", "plugin-sdk", "agent-sessions.js"],
  ["node_modules", "@mariozechner", "pi-coding-agent", "dist", "core", "session-manager.js"],
  ["..", "@mariozechner", "pi-coding-agent", "dist", "core", "session-manager.js"],
];

/** What the package reads and writes transcripts with. */
export async function reachSessions(folder: string): Promise<{ open: (path: string) => SessionManager }> {
  const place = WHERE_SESSIONS_ARE.map((names) => join(folder, ...names)).find((path) => existsSync(path));
  if (place === undefined) throw new Error(`no sessions in ${dirname(folder)}`);
  return (await import(pathToFileURL(place).href)).SessionManager;
}
