import { spawnSync } from "node:child_process";
import { chownSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { ReportDocument } from "../../src/report/document.ts";
import { addClaudeSession, boundEntry, type Home, writeRegistry } from "../support/home.ts";
import { allFiles } from "./scene.ts";

/** A user that no host knows, as a bot's in a container. */
export const OWNER = 12_345;
export const isRoot = process.geteuid?.() === 0;
export const needsRoot = "only root can set this up";
export const ROTATED = ["archive-transcript done", "append-note done", "edit-registry done", "empty-transcript done"];

type RunAs = { uid?: number; program?: string; env?: Record<string, string> };

/** Runs `rotate --max-size 2KB` to its end, as this or another user; one that hangs is ended after ten seconds, and shows. */
export function rotateAs(home: Home, args: string[] = [], run: RunAs = {}): ReportDocument & { status: number | null } {
  const { uid, program = join(import.meta.dirname, "..", "..", "bin", "session-keeper.js") } = run;
  const become = uid === undefined ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
  const argv = [
    ...become,
    process.execPath,
    program,
    "rotate",
    "--strategy",
    "empty",
    "--max-size",
    "2KB",
    "--json",
    ...args,
    ...home.args,
  ];
  const { stdout, stderr, status, signal } = spawnSync(argv[0] ?? "", argv.slice(1), {
    env: { PATH: process.env.PATH, ...(run.env ?? { HOME: home.root }) },
    encoding: "utf8",
    timeout: 10_000,
    killSignal: "SIGKILL",
  });
  expect({ signal, stderr }).toEqual({ signal: null, stderr: "" });
  return { ...(JSON.parse(stdout) as ReportDocument), status };
}

/** A session above 2 KB that the registry binds. */
export function addBoundSession(home: Home): { sessionId: string; path: string } {
  const session = addClaudeSession(home, { bytes: 4000 });
  writeRegistry(home, { "agent:main:main": boundEntry(session.sessionId) });
  return session;
}

/** Gives the whole home to a user, as a bot's home is. */
export function giveTo(home: Home, uid: number): void {
  for (const name of ["", ...allFiles(home.root)]) chownSync(join(home.root, name), uid, uid);
}

export function resultsOf(report: ReportDocument): string[] {
  return report.installations.flatMap(({ actions }) => actions.map(({ kind, result }) => `${kind} ${result}`));
}
