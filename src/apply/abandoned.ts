import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isAbandoned } from "../disk/left-behind.ts";
import { placeMark } from "../host/place-mark.ts";
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
    const [, number, mark] = PARTIAL.exec(name) ?? [];
    const [pid, path] = [Number(number), join(folder, name)];
    const isOver = pid > 0 && pid !== process.pid && !isAlive(pid);
    if (isOver && (mark === placeMark() || isAbandoned(path))) disk.remove(path);
  }
}

const PARTIAL = /\.(\d+)(?:-([0-9a-f]{8}))?\.partial$/;

/** What half an archive is called until it is whole: by the process that makes it, and where that runs. */
export function partialName(archive: string): string {
  return `${archive}.${process.pid}-${placeMark()}.partial`;
}
