// Run with Node 24: open-transcript.ts PACKAGE FILE... Opens each transcript as a turn of the package does, rebuilds the
// context, appends the next message and rebuilds again. The files may change. Prints one JSON line a file.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { reachFunctions } from "./reach-functions.ts";

/** A message of a rebuilt context, as the package holds it. */
export type ContextMessage = Record<string, unknown>;
/** What became of a transcript: the file when it was open, and the context before and after the next message. */
export type Opened = { error: string } | { file: string; context: ContextMessage[]; withNext: ContextMessage[] };

type Manager = {
  buildSessionContext: () => { messages: ContextMessage[] };
  appendMessage: (message: ContextMessage) => string;
};

/** Up to 5.x the sessions are those of a library, later the package's own. */
const WHERE_SESSIONS_ARE = [
  ["dist", "plugin-sdk", "agent-sessions.js"],
  ["node_modules", "@mariozechner", "pi-coding-agent", "dist", "core", "session-manager.js"],
  ["..", "@mariozechner", "pi-coding-agent", "dist", "core", "session-manager.js"],
];

const [folder = "", ...paths] = process.argv.slice(2);
const { repairSessionFileIfNeeded } = await reachFunctions(folder, ["repairSessionFileIfNeeded"]);
const place = WHERE_SESSIONS_ARE.map((names) => join(folder, ...names)).find((path) => existsSync(path));
if (place === undefined) throw new Error(`no sessions in ${dirname(folder)}`);
const { SessionManager } = await import(pathToFileURL(place).href);

for (const path of paths) await print(`${JSON.stringify(await open(path))}\n`);
// the bundles leave timers behind
process.exit(0);

async function open(path: string): Promise<Opened> {
  try {
    await repairSessionFileIfNeeded({ sessionFile: path });
    const manager: Manager = SessionManager.open(path);
    const context = manager.buildSessionContext().messages;
    const file = readFileSync(path, "utf8");
    manager.appendMessage({ role: "user", content: [{ type: "text", text: "Are you there?" }], timestamp: Date.now() });
    const again: Manager = SessionManager.open(path);
    return { file, context, withNext: again.buildSessionContext().messages };
  } catch (error) {
    return { error: String(error) };
  }
}

function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
