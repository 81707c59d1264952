import { lstatSync, readlinkSync } from "node:fs";
import { isAbsolute } from "node:path";

const MOST_LINKS = 40;

/**
 * Where a file lies that a process calls by a path, as a path of this host below /proc/PID: links are followed as that process
 * would, which the system's own way to resolve paths does not do from outside. A relative path begins in its working directory.
 *
 * @returns undefined where nothing is there, or it can't be looked at
 */
export function pathInProcess(pid: number, path: string): string | undefined {
  const root = `/proc/${pid}/root`;
  let base = isAbsolute(path) ? root : `/proc/${pid}/cwd`;
  let at: string[] = [];
  const waiting = partsOf(path);
  try {
    for (let links = 0, part = waiting.shift(); part !== undefined; part = waiting.shift()) {
      if (part === "..") {
        if (at.pop() === undefined && base !== root) return undefined;
        continue;
      }
      const here = [base, ...at, part].join("/");
      if (!lstatSync(here).isSymbolicLink()) {
        at.push(part);
        continue;
      }
      links += 1;
      if (links > MOST_LINKS) return undefined;
      const target = readlinkSync(here);
      if (isAbsolute(target)) [base, at] = [root, []];
      waiting.unshift(...partsOf(target));
    }
    return [base, ...at].join("/");
  } catch {
    return undefined;
  }
}

function partsOf(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}
