import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import type { Disk } from "../disk/disk.ts";

/** The run journal: what each run did, one JSON line an event, so that people and later runs know. Never the content of a session. */
export type Journal = { write: (event: string, facts?: Record<string, unknown>) => void };

/** Opens the journal of a state folder. Each line is written at once; it is synced with the step that it tells of. */
export function openJournal(disk: Disk, stateDirectory: string, runId: string): Journal {
  const path = journalPathOf(stateDirectory);
  disk.makeFolder(stateDirectory);
  if (isTorn(path)) disk.append(path, "\n", { sync: false });
  return {
    write(event, facts = {}) {
      disk.append(path, `${JSON.stringify({ at: new Date().toISOString(), runId, event, ...facts })}\n`, {
        sync: false,
      });
    },
  };
}

/** A line of the journal. `at`: ISO time. */
export type JournalEvent = { at: string; runId: string; event: string; [fact: string]: unknown };

/** All that the journal of a state folder tells, oldest first. Lines that can't be read are skipped; no journal is an empty one. */
export function readJournal(stateDirectory: string): JournalEvent[] {
  const path = journalPathOf(stateDirectory);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8").split("\n").flatMap(parseEvent);
}

/** The copies of a registry that runs have made, oldest first. */
export function backupsIn(events: readonly JournalEvent[], registryPath: string): string[] {
  return events.flatMap(({ event, registry, backup }) =>
    event === "backup" && registry === registryPath && typeof backup === "string" ? backup : [],
  );
}

function parseEvent(line: string): JournalEvent[] {
  if (line === "") return [];
  try {
    const event = JSON.parse(line) as JournalEvent;
    return typeof event.runId === "string" && typeof event.event === "string" ? [event] : [];
  } catch {
    return []; // torn by a power cut
  }
}

/** A killed run may have left half a line, which must not spoil the next one. */
function isTorn(path: string): boolean {
  if (!existsSync(path)) return false;
  const descriptor = openSync(path, "r");
  try {
    const last = Buffer.alloc(1);
    const { size } = fstatSync(descriptor);
    return size > 0 && readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
  } finally {
    closeSync(descriptor);
  }
}

function journalPathOf(stateDirectory: string): string {
  return join(stateDirectory, "journal.jsonl");
}
