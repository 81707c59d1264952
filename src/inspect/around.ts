import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { readCatalog } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import type { Settings } from "../config/settings.ts";
import { sessionKeysIn } from "../derive/key-lines.ts";
import type { KnownEntry, Surroundings } from "../derive/neighbours.ts";
import { spawnsInRuns } from "../derive/relations.ts";
import { sessionInNote } from "../derive/session-notes.ts";
import { lookAt } from "../disk/fingerprint.ts";
import type { AgentRegistry, Installation } from "../installation/installation.ts";
import { placesIn } from "../registry/places.ts";
import { describeEntry } from "../registry/read.ts";
import { readSources } from "../registry/sources.ts";

/**
 * What tells of an agent's sessions besides their transcripts and what lies beside those: its registry and the copies of it, the
 * list of our archives, records of jobs and of subagents, notes in the workspaces. Read once for all sessions of one registry.
 *
 * @param names ids and file names by which a copy's entry may be about one of the sessions
 */
export function lookAround(
  registry: AgentRegistry,
  installation: Installation,
  names: ReadonlySet<string>,
  settings: Settings,
): Surroundings {
  const backups = readSources(registry.path, names).sources.flatMap(({ salvage }) =>
    salvage.entries.map(({ key, text }) => known(key, text)),
  );
  const home = installation.openclaw?.home ?? "";
  const runs = join(home, "cron", "runs");
  const cronLines = namesIn(runs).flatMap((name) => (textOf(join(runs, name)) ?? "").split("\n"));
  return {
    entries: entriesOf(registry),
    backups,
    archived: keysInCatalog(installation, settings, names),
    cronRuns: sessionKeysIn(cronLines),
    noted: keysInNotes(installation),
    spawns: spawnsInRuns(textOf(join(home, "subagents", "runs.json")) ?? ""),
  };
}

function entriesOf({ registry }: AgentRegistry): KnownEntry[] {
  const { text, entries, problem } = registry;
  if (text === "" || problem) return [];
  const ids = new Map(entries.map(({ key, sessionId }) => [key, sessionId]));
  return placesIn(registry).map(({ name: key, valueAt, valueEnd }) => {
    const sessionId = ids.get(key);
    return { key, text: text.slice(valueAt, valueEnd), ...(sessionId === undefined ? {} : { sessionId }) };
  });
}

function known(key: string, text: string): KnownEntry {
  try {
    const { sessionId } = describeEntry(key, JSON.parse(text) ?? {});
    return { key, text, ...(sessionId === undefined ? {} : { sessionId }) };
  } catch {
    return { key, text };
  }
}

/** The keys under which sessions stood in their registry when we archived something of them; the last one counts. */
function keysInCatalog(
  installation: Installation,
  settings: Settings,
  names: ReadonlySet<string>,
): Map<string, string> {
  const { openclaw } = installation;
  if (!openclaw) return new Map();
  try {
    const of = { dialect: "openclaw", path: join(openclaw.home, "agents") } as const;
    const records = readCatalog(archiveFolderOf(settings, installation, of));
    return new Map(
      records.flatMap(({ dialect, sessionId, sessionKey }) =>
        dialect === "openclaw" && sessionKey !== undefined && names.has(sessionId) ? [[sessionId, sessionKey]] : [],
      ),
    );
  } catch {
    return new Map();
  }
}

const NOTE_HEAD_BYTES = 512;

function keysInNotes({ workspaces }: Installation): Map<string, string> {
  const keys = new Map<string, string>();
  for (const folder of workspaces.map((workspace) => join(workspace, "memory"))) {
    for (const name of namesIn(folder).filter((one) => one.endsWith(".md"))) {
      const note = sessionInNote(headOf(join(folder, name)));
      if (note) keys.set(note.sessionId, note.sessionKey);
    }
  }
  return keys;
}

function headOf(path: string): string {
  try {
    if (lookAt(path)?.kind !== "file") return "";
    const descriptor = openSync(path, "r");
    try {
      const bytes = Buffer.alloc(NOTE_HEAD_BYTES);
      return bytes.subarray(0, readSync(descriptor, bytes, 0, NOTE_HEAD_BYTES, 0)).toString("utf8");
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return "";
  }
}

/** Records of runs are small; what is no plain file is none. */
const MOST_BYTES = 32 * 1024 * 1024;

function textOf(path: string): string | undefined {
  try {
    const seen = lookAt(path);
    return seen?.kind === "file" && seen.fingerprint.sizeBytes < MOST_BYTES ? readFileSync(path, "utf8") : undefined;
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
