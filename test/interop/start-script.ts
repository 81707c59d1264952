import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { InstalledOpenClaw } from "./packages.ts";
import { openClawEnv, type State } from "./state.ts";

/** A script that runs beside the test. `done`: what it printed last, as JSON, once it has ended. */
export type Started<Report> = { child: ChildProcess; end: () => void; done: () => Promise<Report> };

/**
 * Starts a script of this folder on a package's own functions, and waits until it says "ready".
 *
 * @throws Error when it ends before that
 */
export async function startScript<Report>(
  name: string,
  openclaw: InstalledOpenClaw,
  state: State,
  ...args: string[]
): Promise<Started<Report>> {
  const argv = [join(import.meta.dirname, name), openclaw.folder, ...args];
  const child = spawn(openclaw.node, argv, { env: openClawEnv(state), cwd: state.root });
  let [printed, complaints] = ["", ""];
  child.stdout.on("data", (data) => (printed += data));
  child.stderr.on("data", (data) => (complaints += data));
  const closed = once(child, "close");
  await Promise.race([once(child.stdout, "data"), closed]);
  if (!printed.startsWith("ready")) throw new Error(`${name} ended early: ${complaints}`);
  const done = async (): Promise<Report> => {
    await closed;
    const last = printed.trim().split("\n").at(-1) ?? "";
    if (!last.startsWith("{")) throw new Error(`${name} ended early: ${complaints}`);
    return JSON.parse(last);
  };
  return { child, end: () => child.stdin.end(), done };
}
