import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "../disk/disk.ts";
import { nameForPath } from "../disk/name-for-path.ts";
import type { LogMatch, LogPositions } from "../gateway-log/read-logs.ts";
import type { Clocks } from "../host/host.ts";
import type { RunMark } from "./remember-run.ts";

/** What is remembered of an installation from one run to the next. Losing it costs one look back over the log window. */
export type InstallationState = {
  /** both clocks at the last run, for the brake */
  clocks?: Clocks;
  /** epoch ms of the last time the logs were read */
  lastLookAt?: number;
  positions: LogPositions;
  /** log lines that condemn a session which could not be dealt with yet */
  pending: LogMatch[];
  /** lines dealt with lately; they never act again */
  spent: { id: string; at: number }[];
  /** epoch ms of the restarts of the last hours */
  restarts: number[];
  /** a condemned session was changed, and the gateway not yet restarted for it */
  restartDue: boolean;
  /** sessions that a run began to change: what it could not finish, the next one does */
  underway: Underway[];
  /** sessions of which mending would have left nothing, or made it worse: not tried again until they change */
  unmendable: Unmendable[];
  /** findings already told by a crontab run: what, and when (epoch ms) */
  told: Record<string, number>;
  /** of each command: its last run */
  runs: Record<string, RunMark>;
  /** trouble that the last run of a command left: what, and since when (epoch ms) it was seen */
  since: Record<string, number>;
  /** epoch ms of the last sample in the history */
  sampledAt?: number;
};

/** `inode` and `sizeBytes`: of the transcript before it was changed. `reason`: why it was archived. */
export type Underway = {
  path: string;
  inode: number;
  sizeBytes: number;
  reason: "size" | "corrupt" | "manual" | "repair";
  needsRestart: boolean;
};

/** A session as it was when it could not be mended. `rewind`: taking it back to its last accepted state was tried, too. */
export type Unmendable = { path: string; inode: number; sizeBytes: number; mtimeMs: number; rewind: boolean };

const EMPTY: InstallationState = {
  positions: {},
  pending: [],
  spent: [],
  restarts: [],
  restartDue: false,
  underway: [],
  unmendable: [],
  told: {},
  runs: {},
  since: {},
};

/** Where that is kept: one small file for each set of homes, whatever the installation is called. */
export function statePathOf(stateDirectory: string, homes: readonly string[]): string {
  const name = nameForPath([...homes].sort().join("\0"));
  return join(stateDirectory, "installations", `${name}.json`);
}

/** The remembered state; `text` is what stood in the file, to tell later whether another run wrote it meanwhile. */
export function readState(path: string): { state: InstallationState; text: string } {
  let text = "";
  try {
    text = readFileSync(path, "utf8");
    return { state: { ...EMPTY, ...JSON.parse(text) }, text };
  } catch {
    return { state: structuredClone(EMPTY), text };
  }
}

/** Replaces the state file. Synced only when the run changed something, so that an idle run syncs nothing. */
export function writeState(disk: Disk, path: string, state: InstallationState, options: { sync: boolean }): void {
  disk.makeFolder(join(path, ".."));
  disk.replace(path, JSON.stringify(state), options);
}
