import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import type { ReportDocument } from "../../src/report/document.ts";

/** What a run of the built program left behind. */
export type KeeperRun = { status: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string };

const binary = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js");

/** Starts the built binary, as a crontab would: no terminal, a small environment. */
export function startKeeper(
  args: readonly string[],
  env: Record<string, string> = {},
): { child: ChildProcess; done: Promise<KeeperRun> } {
  const child = spawn(process.execPath, [binary, ...args], {
    env: { PATH: process.env.PATH, TZ: "UTC", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const done = new Promise<KeeperRun>((resolve) => {
    let [stdout, stderr] = ["", ""];
    child.stdout?.on("data", (data) => (stdout += data));
    child.stderr?.on("data", (data) => (stderr += data));
    child.on("close", (status, signal) => resolve({ status, signal, stdout, stderr }));
  });
  return { child, done };
}

/** Runs the built binary and waits for it. */
export function keeper(args: readonly string[], env: Record<string, string> = {}): Promise<KeeperRun> {
  return startKeeper(args, env).done;
}

/** The same with `--json`; fails when stdout is not exactly one document. */
export async function keeperJson(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<ReportDocument & { status: number | null; stderr: string }> {
  const { status, stdout, stderr } = await keeper([...args, "--json"], env);
  return { ...(JSON.parse(stdout) as ReportDocument), status, stderr };
}
