import { isWithin, type Mount, mountsOf, namespaceOf, type Place, pathOf, placeOf, rootOf } from "../host/mounts.ts";
import { argvOf, innerPidOf, processIds } from "../host/processes.ts";
import { isOpenClaw } from "./openclaw-process.ts";

/**
 * A process that sees a home through mounts of its own, as those in containers do. `home`: what it calls the home.
 * `isForeign`: it has process ids of its own, too. `isMounted`: the home was mounted for it, not just inherited.
 */
export type Sharer = { pid: number; home: string; mounts: readonly Mount[]; isForeign: boolean; isMounted: boolean };

/**
 * The processes in other namespaces that see this home. Where another user's namespaces can't be told, only those with process
 * ids of their own are found.
 */
export function* sharersOf(home: string): Generator<Sharer> {
  const look = lookerAt(home);
  for (const pid of processIds()) {
    const seen = look(pid);
    if (seen !== "as-we-do" && seen !== "not-at-all" && seen !== "unknown") yield seen;
  }
}

/** True when a process of another pid namespace has this home, or a folder above it, mounted, or is a gateway that sees it. */
export function isMountedElsewhere(home: string): boolean {
  return guestsOf(home).next().done === false;
}

/** Those processes, by the numbers that they have in there. */
export function innerProcesses(home: string): Map<number, number[]> {
  const inside = new Map<number, number[]>();
  for (const { pid } of guestsOf(home)) {
    const inner = innerPidOf(pid);
    if (inner !== undefined) inside.set(inner, [...(inside.get(inner) ?? []), pid]);
  }
  return inside;
}

function* guestsOf(home: string): Generator<Sharer> {
  for (const sharer of sharersOf(home)) {
    if (sharer.isForeign && (sharer.isMounted || isOpenClaw(argvOf(sharer.pid)))) yield sharer;
  }
}

type View = Sharer | "as-we-do" | "not-at-all" | "unknown";

/** Tells how processes see a home. */
export function lookerAt(home: string): (pid: number) => View {
  const own = { pid: namespaceOf("self", "pid"), mnt: namespaceOf("self", "mnt"), mounts: mountsOf("self") };
  const place = placeOf(home, own.mounts);
  if (!own.pid || !own.mnt || !place) return () => "unknown";
  const known = new Map<string, Mount[]>();
  return (pid) => {
    const [processes, files] = [namespaceOf(pid, "pid"), namespaceOf(pid, "mnt")];
    const isForeign = processes === undefined ? innerPidOf(pid) !== undefined : processes !== own.pid;
    if (!isForeign && (files === undefined || files === own.mnt)) return "as-we-do";
    const root = rootOf(pid); // they are told as they are seen from there
    const name = files && root && `${files} ${root}`;
    const mounts = (name && known.get(name)) || mountsOf(pid);
    if (mounts.length === 0) return "unknown";
    if (name) known.set(name, mounts);
    return viewOf(pid, place, mounts, { isForeign, ours: own.mounts });
  };
}

function viewOf(
  pid: number,
  place: Place,
  mounts: readonly Mount[],
  { isForeign, ours }: { isForeign: boolean; ours: readonly Mount[] },
): View {
  const home = pathOf(place, mounts);
  if (home === undefined) return "not-at-all";
  return { pid, home, mounts, isForeign, isMounted: isMountedFor(home, mounts, ours) };
}

/** A sandbox sees our whole file system as we do; a container has one of its own, or a mount that we do not have. */
function isMountedFor(home: string, mounts: readonly Mount[], ours: readonly Mount[]): boolean {
  const has = (mount: Mount | undefined) =>
    ours.some((one) => one.device === mount?.device && one.root === mount.root && one.at === mount.at);
  const below = mounts.filter((mount) => isWithin(home, mount.at)).toSorted((a, b) => a.at.length - b.at.length);
  return !has(below[0]) || !has(below.at(-1));
}
