import { readFileSync } from "node:fs";
import type { Disk } from "../disk/disk.ts";
import { readClocks } from "../host/host.ts";
import { namespaceOf } from "../host/mounts.ts";
import { startTicksOf } from "../host/processes.ts";
import { ownerFacts } from "./judge-here.ts";

/**
 * The run that took a run lock last. `bootId`, `pidNamespace`: where its process id means something; absent where the system does
 * not tell, and in what earlier releases wrote. `sinceMs`: its start as epoch milliseconds.
 */
export type RunOwner = {
  pid: number;
  startTicks?: number | undefined;
  sinceMs: number;
  bootId?: string | undefined;
  pidNamespace?: string | undefined;
};

/** Writes down that this process is the owner. */
export function recordOwner(disk: Disk, ownerPath: string): void {
  const owner: RunOwner = {
    pid: process.pid,
    startTicks: startTicksOf(process.pid),
    sinceMs: Date.now(),
    ...whereWeAre(),
  };
  disk.replace(ownerPath, JSON.stringify(owner), { sync: false });
}

/** The owner that was written down; undefined when there is none, or none that can be read. */
export function ownerOf(ownerPath: string): RunOwner | undefined {
  try {
    return JSON.parse(readFileSync(ownerPath, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Whether an owner is one of another host, another container, or before the machine's last start: state may lie on a disk that
 * others share. Its process id says nothing here.
 */
export function isElsewhere({ bootId, pidNamespace }: RunOwner): boolean {
  const here = whereWeAre();
  return (
    (bootId !== undefined && bootId !== here.bootId) ||
    (pidNamespace !== undefined && pidNamespace !== here.pidNamespace)
  );
}

/** Whether an owner of this very place has ended. */
export function isGone({ pid, startTicks }: RunOwner): boolean {
  const facts = ownerFacts(pid);
  return !facts.alive || (startTicks !== undefined && startTicks !== facts.startTicks);
}

function whereWeAre(): Pick<RunOwner, "bootId" | "pidNamespace"> {
  return { bootId: readClocks().bootId || undefined, pidNamespace: namespaceOf("self", "pid") };
}
