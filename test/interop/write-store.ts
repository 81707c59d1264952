// Run with Node 24: write-store.ts PACKAGE STORE KEY. Counts in one entry with the package's own writer, hundreds of times a
// second, until stdin ends. Prints "ready" after the first update, and last what it saw as JSON.
import { readFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { reachFunctions } from "./reach-functions.ts";

/** What the writer saw. A lost update is a count that somebody else's write took back. */
export type WriterReport = { updates: number; lost: string[]; errors: string[]; slowestMs: number };

type Store = Record<string, { count?: number; [field: string]: unknown } | undefined>;

const [folder = "", path = "", key = ""] = process.argv.slice(2);
const { updateSessionStore } = await reachFunctions(folder, ["updateSessionStore"]);
const report: WriterReport = { updates: 0, lost: [], errors: [], slowestMs: 0 };
let count: number | undefined;
let isOver = false;
process.stdin.resume().on("end", () => {
  isOver = true;
});

while (!isOver) {
  const start = performance.now();
  try {
    await updateSessionStore(path, (store: Store) => {
      compare(store);
      const sessionId = "00000000-0000-4000-8000-00000000c0de";
      store[key] = { sessionId, ...store[key], updatedAt: Date.now(), count: (count ?? 0) + 1 };
    });
    count = (count ?? 0) + 1;
    report.updates += 1;
  } catch (error) {
    report.errors.push(String(error));
  }
  // the first one loads what the writer needs
  if (report.updates === 1) writeSync(1, "ready\n");
  else report.slowestMs = Math.max(report.slowestMs, Math.round(performance.now() - start));
  // the lock has no queue between processes: without any pause nobody else would ever get it
  await sleep(1);
}
compare(JSON.parse(readFileSync(path, "utf8")));
writeSync(1, JSON.stringify(report));
process.exit(0);

function compare(store: Store): void {
  const found = store[key]?.count;
  if (found !== count) report.lost.push(`${count} became ${found}`);
}
