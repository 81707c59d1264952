import { readFileSync, readlinkSync } from "node:fs";

/**
 * A mount as a process sees it: what of which device (`root`, a path on it) is shown at which path. `type`, `source`: of the file
 * system, such as ext4 and what it lies on.
 */
export type Mount = { device: string; root: string; at: string; type: string; source: string; isReadOnly: boolean };

/** Where something lies, whatever it is called: the device, and the path on it. */
export type Place = { device: string; path: string };

/** The mounts of a process, in the order in which they lie over one another; none when that can't be read. */
export function mountsOf(pid: number | "self"): Mount[] {
  try {
    return parseMounts(readFileSync(`/proc/${pid}/mountinfo`, "utf8"));
  } catch {
    return [];
  }
}

/** Reads /proc/PID/mountinfo. Pure. */
export function parseMounts(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , device, root, at, own = ""] = before.split(" ");
    const [type = "", source = "", options = ""] = after.split(" ");
    if (!device || !root || !at) return [];
    const isReadOnly = [own, options].some((all) => all.split(",").includes("ro"));
    return [{ device, root: decode(root), at: decode(at), type, source: decode(source), isReadOnly }];
  });
}

/** Where a path lies, for somebody with these mounts; undefined where they show nothing. Pure; links are not followed. */
export function placeOf(path: string, mounts: readonly Mount[]): Place | undefined {
  const mount = mountOf(path, mounts);
  return mount && { device: mount.device, path: join(mount.root, rest(path, mount.at)) };
}

/** The mount that shows a path. Pure. */
export function mountOf(path: string, mounts: readonly Mount[]): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    // of two at the same path the later one lies above
    if (isWithin(path, mount.at) && mount.at.length >= (found?.at.length ?? 0)) found = mount;
  }
  return found;
}

/** The path by which mounts show a place, where none of the others hides it; the most special one. Pure. */
export function pathOf({ device, path }: Place, mounts: readonly Mount[]): string | undefined {
  const showing = mounts
    .filter((mount) => mount.device === device && isWithin(path, mount.root))
    .toSorted((a, b) => b.root.length - a.root.length)
    .map((mount) => join(mount.at, rest(path, mount.root)));
  return showing.find((shown) => {
    const seen = placeOf(shown, mounts);
    return seen?.device === device && seen.path === path;
  });
}

/** What names a namespace of a process; undefined when that can't be read. */
export function namespaceOf(pid: number | "self", kind: "pid" | "mnt"): string | undefined {
  return linkOf(`/proc/${pid}/ns/${kind}`);
}

/** The root folder of a process; undefined when that can't be read. */
export function rootOf(pid: number): string | undefined {
  return linkOf(`/proc/${pid}/root`);
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** True for a path itself, and for what lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith("/") ? folder : `${folder}/`);
}

function rest(path: string, folder: string): string {
  return path.slice(folder === "/" ? 0 : folder.length);
}

function join(folder: string, below: string): string {
  return folder === "/" ? below || "/" : folder + (below === "/" ? "" : below);
}

/** Blanks and line breaks in paths stand there in octal. */
function decode(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
