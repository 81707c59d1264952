import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Disk } from "../disk/disk.ts";
import type { Incident } from "./incident.ts";
import type { Message } from "./message.ts";

/** A way on which alerts leave the host. */
export type Channel = "command" | "webhook";

/** An alert that has yet to be delivered `to` some. `leaseUntil` (epoch ms): until then the run that took it is delivering it. */
export type Waiting = { id: string; message: Message; to: Channel[]; leaseUntil: number };

/** What runs remember of alerts. `dropped`: how many were let go undelivered, not told of yet. `warnedAt`: epoch ms. */
export type AlertState = {
  incidents: Incident[];
  waiting: Waiting[];
  dropped: number;
  warnedAt: Partial<Record<Channel, number>>;
};

const FORMAT = 1;

/** Where it is kept: with the journal of whoever runs this, whoever the homes belong to. */
export function alertStatePathOf(stateDirectory: string): string {
  return join(stateDirectory, "alerts.json");
}

/** Losing it costs an alert that is told twice, or one that is over and not told. */
export function readAlertState(path: string): AlertState {
  const empty: AlertState = { incidents: [], waiting: [], dropped: 0, warnedAt: {} };
  try {
    const { format, ...state } = JSON.parse(readFileSync(path, "utf8"));
    return format === FORMAT ? { ...empty, ...state } : empty;
  } catch {
    return empty;
  }
}

/** Replaces the file (0600), and syncs it: an alert that waits must not be lost. */
export function writeAlertState(disk: Disk, path: string, state: AlertState): void {
  disk.makeFolder(dirname(path));
  disk.replace(path, JSON.stringify({ format: FORMAT, ...state }), { sync: true });
}
