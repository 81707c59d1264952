import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { mountOf, mountsOf, namespaceOf } from "../host/mounts.ts";
import { listProcesses } from "../host/processes.ts";
import { isOpenClaw } from "./openclaw-process.ts";

/** The namespace that a machine's own processes live in has this number in every Linux. */
const OF_THE_MACHINE = "pid:[4026531836]";

/** First processes of a whole system in a container, and of containers that have their process ids in common. */
const SEES_ALL = new Set(["systemd", "init", "pause"]);

/**
 * Whether we are in a container to which this home was lent from outside, and no gateway is: then it may live in another one,
 * whose processes cannot be seen from here. That one mounts a volume at the home, or at the folder above it.
 */
export function isLentHome(home: string): boolean {
  if (!isContained() || SEES_ALL.has(firstProcess())) return false;
  const mount = mountOf(home, mountsOf("self"));
  if (!mount || (mount.at !== home && mount.at !== dirname(home)) || mount.at === "/") return false;
  const isPrivate = mount.type === "tmpfs" && mount.root === "/";
  return !isPrivate && !listProcesses().some(({ argv }) => isOpenClaw(argv));
}

function isContained(): boolean {
  const own = namespaceOf("self", "pid");
  return own === undefined
    ? ["/.dockerenv", "/run/.containerenv"].some((mark) => existsSync(mark))
    : own !== OF_THE_MACHINE;
}

function firstProcess(): string {
  try {
    return readFileSync("/proc/1/comm", "utf8").trim();
  } catch {
    return "";
  }
}
