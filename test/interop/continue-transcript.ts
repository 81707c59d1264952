// Run with Node 24: continue-transcript.ts PACKAGE FILE... Begins a run on each transcript as the package does, rebuilds the
// context, appends a turn and rebuilds again in a fresh reader. The files may change. Prints one JSON line a file.
import { readFileSync } from "node:fs";
import { reachFunctions } from "./reach-functions.ts";
import { type BuiltContext, reachSessions } from "./reach-sessions.ts";

/** The file when the run had begun and at its end, and the context at both times. */
export type Continued =
  | { error: string }
  | { file: string; context: BuiltContext; fileAfter: string; contextAfter: BuiltContext };

const [folder = "", ...paths] = process.argv.slice(2);
const { repairSessionFileIfNeeded, prepareSessionManagerForRun } = await reachFunctions(folder, [
  "repairSessionFileIfNeeded",
  "prepareSessionManagerForRun",
]);
const sessions = await reachSessions(folder);

for (const path of paths) await print(`${JSON.stringify(await goOn(path))}\n`);
// the bundles leave timers behind
process.exit(0);

async function goOn(path: string): Promise<Continued> {
  try {
    await repairSessionFileIfNeeded({ sessionFile: path });
    const sessionManager = sessions.open(path);
    const { id: sessionId, cwd } = sessionManager.getHeader() ?? {};
    // empties a transcript in which it finds no reply
    await prepareSessionManagerForRun({ sessionManager, sessionFile: path, hadSessionFile: true, sessionId, cwd });
    const context = sessionManager.buildSessionContext();
    const file = readFileSync(path, "utf8");
    for (const [role, text] of [
      ["user", "Are you there?"],
      ["assistant", "I am."],
    ]) {
      // the same time for all, so that contexts can be compared
      sessionManager.appendMessage({
        role,
        content: [{ type: "text", text }],
        provider: "p",
        model: "m",
        timestamp: 1,
      });
    }
    const contextAfter = sessions.open(path).buildSessionContext();
    return { file, context, fileAfter: readFileSync(path, "utf8"), contextAfter };
  } catch (error) {
    return { error: String(error) };
  }
}

function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
