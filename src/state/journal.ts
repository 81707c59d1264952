import { join } from "node:path";
import type { Disk } from "../disk/disk.ts";

/** The run journal: what each run did, one JSON line an event, so that people and later runs know. Never the content of a session. */
export type Journal = { write: (event: string, facts?: Record<string, unknown>) => void };

/** Opens the journal of a state folder. Each line is written at once; it is synced with the step that it tells of. */
export function openJournal(disk: Disk, stateDirectory: string, runId: string): Journal {
  const path = join(stateDirectory, "journal.jsonl");
  disk.makeFolder(stateDirectory);
  return {
    write(event, facts = {}) {
      disk.append(path, `${JSON.stringify({ at: new Date().toISOString(), runId, event, ...facts })}\n`, {
        sync: false,
      });
    },
  };
}
