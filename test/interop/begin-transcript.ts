// Run with Node 24: begin-transcript.ts PACKAGE FILE SESSION CWD. Begins a session that has no transcript yet as a run of the
// package does, appends a turn, and prints the context that a fresh reader rebuilds from it, as JSON.
import { writeSync } from "node:fs";
import { reachFunctions } from "./reach-functions.ts";
import { reachSessions } from "./reach-sessions.ts";

const [folder = "", path = "", sessionId = "", cwd = ""] = process.argv.slice(2);
const { prepareSessionManagerForRun } = await reachFunctions(folder, ["prepareSessionManagerForRun"]);
const sessions = await reachSessions(folder);
const sessionManager = sessions.open(path);
await prepareSessionManagerForRun({ sessionManager, sessionFile: path, hadSessionFile: false, sessionId, cwd });
for (const [role, text] of [
  ["user", "Good evening."],
  ["assistant", "Good evening to you."],
]) {
  sessionManager.appendMessage({ role, content: [{ type: "text", text }], provider: "p", model: "m", timestamp: 1 });
}
writeSync(1, JSON.stringify(sessions.open(path).buildSessionContext()));
// the bundles leave timers behind
process.exit(0);
