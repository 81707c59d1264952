import { readFileSync } from "node:fs";

/** The two clocks of this machine, to notice when somebody turned one of them. */
export type Clocks = {
  /** epoch milliseconds */
  wallMs: number;
  /** milliseconds since the machine started; keeps counting when the wall clock is set */
  uptimeMs: number;
  /** changes with each start of the machine; empty where the system does not tell */
  bootId: string;
};

/** Reads both clocks. The kernel's own figure is used, because a process can be lied to about the time. */
export function readClocks(): Clocks {
  return {
    wallMs: Date.now(),
    uptimeMs: Number.parseFloat(read("/proc/uptime")) * 1000 || 0,
    bootId: read("/proc/sys/kernel/random/boot_id").trim(),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
