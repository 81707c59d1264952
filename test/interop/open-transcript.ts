// Run with Node 24: open-transcript.ts PACKAGE [--prepare] FILE... Opens each transcript as a turn of the package does,
// rebuilds the context, appends the next message and rebuilds again. With --prepare also that is done which empties a file in
// which nothing was ever replied. The files may change. Prints one JSON line a file.
import { readFileSync } from "node:fs";
import { reachFunctions } from "./reach-functions.ts";
import { type ContextMessage, reachSessions } from "./reach-sessions.ts";

/** What became of a transcript: the file when it was open, and the context before and after the next message. */
export type Opened = { error: string } | { file: string; context: ContextMessage[]; withNext: ContextMessage[] };

const [folder = "", ...given] = process.argv.slice(2);
const paths = given.filter((path) => path !== "--prepare");
const needed = ["repairSessionFileIfNeeded", "prepareSessionManagerForRun"] as const;
const { repairSessionFileIfNeeded, prepareSessionManagerForRun } = await reachFunctions(folder, needed);
const sessions = await reachSessions(folder);

for (const path of paths) await print(`${JSON.stringify(await open(path))}\n`);
// the bundles leave timers behind
process.exit(0);

async function open(path: string): Promise<Opened> {
  try {
    await repairSessionFileIfNeeded({ sessionFile: path });
    const manager = sessions.open(path);
    if (paths.length < given.length) {
      const { id: sessionId, cwd } = manager.getHeader() ?? {};
      const params = { sessionManager: manager, sessionFile: path, hadSessionFile: true, sessionId, cwd };
      await prepareSessionManagerForRun(params);
    }
    const context = manager.buildSessionContext().messages;
    const file = readFileSync(path, "utf8");
    manager.appendMessage({ role: "user", content: [{ type: "text", text: "Are you there?" }], timestamp: Date.now() });
    const again = sessions.open(path);
    return { file, context, withNext: again.buildSessionContext().messages };
  } catch (error) {
    return { error: String(error) };
  }
}

function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
