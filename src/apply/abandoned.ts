import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isAbandoned } from "../disk/left-behind.ts";
import { isAlive } from "../host/processes.ts";
import type { Tools } from "./tools.ts";

/** Folders that a run has looked through; a list of thousands of archives is not read again for each further one. */
const lookedThrough = new WeakMap<Tools, Set<string>>();

/** Removes half-made archives of runs that were killed; once in a run for each folder. */
export function removeAbandoned(folder: string, tools: Tools): void {
  const { disk } = tools;
  const known = lookedThrough.get(tools) ?? new Set();
  if (known.has(folder)) return;
  lookedThrough.set(tools, known.add(folder));
  for (const name of readdirSync(folder)) {
    const pid = Number(/\.(\d+)\.partial$/.exec(name)?.[1]);
    const path = join(folder, name);
    if (pid > 0 && pid !== process.pid && !isAlive(pid) && isAbandoned(path)) disk.remove(path);
  }
}
