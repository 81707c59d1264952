// Run with Node 24: write-trace.ts PACKAGE SESSIONS KEY... Lets the package's own recorder write a trace of a run beside each
// transcript of the entries with these keys.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { reachFunctions } from "./reach-functions.ts";

const [folder = "", sessions = "", ...keys] = process.argv.slice(2);
const { createTrajectoryRuntimeRecorder } = await reachFunctions(folder, ["createTrajectoryRuntimeRecorder"]);
const registry = JSON.parse(readFileSync(join(sessions, "sessions.json"), "utf8"));
for (const sessionKey of keys) {
  const { sessionId } = registry[sessionKey];
  const sessionFile = join(sessions, `${sessionId}.jsonl`);
  const recorder = createTrajectoryRuntimeRecorder({ sessionId, sessionKey, sessionFile, runId: "run-1", env: {} });
  recorder.recordEvent("session.started", { text: "sessionId=another-one sessionKey=agent:main:another" });
  await recorder.flush();
}
// the bundles leave timers behind
process.exit(0);
