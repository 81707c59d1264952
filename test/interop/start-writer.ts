import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { sessionsFolder } from "../support/home.ts";
import type { InstalledOpenClaw } from "./packages.ts";
import { openClawEnv, type State } from "./state.ts";
import type { WriterReport } from "./write-store.ts";

/**
 * Starts the package's own registry writer on the registry of an agent, where it counts in one entry, and waits for its first
 * update. To us it is a gateway of this home that runs.
 */
export async function startWriter(openclaw: InstalledOpenClaw, state: State, agent: string, counted: string) {
  const script = join(import.meta.dirname, "write-store.ts");
  const store = join(sessionsFolder(state, agent), "sessions.json");
  const child = spawn(openclaw.node, [script, openclaw.folder, store, counted], { env: openClawEnv(state) });
  let [printed, complaints] = ["", ""];
  child.stdout.on("data", (data) => (printed += data));
  child.stderr.on("data", (data) => (complaints += data));
  const closed = once(child, "close");
  // its first line says that it has begun
  await Promise.race([once(child.stdout, "data"), closed]);
  const report = (): WriterReport => {
    const last = printed.trim().split("\n").at(-1) ?? "";
    if (!last.startsWith("{")) throw new Error(`the writer ended early: ${complaints}`);
    return JSON.parse(last);
  };
  return { end: () => child.stdin.end(), closed, report };
}
