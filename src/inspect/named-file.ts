import { isAbsolute } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import type { AgentRegistry, EntryReference, Installation } from "../installation/installation.ts";
import { mapPath } from "../installation/paths.ts";
import { filesNamedBy } from "../installation/session-folders.ts";
import { takesAnyPath } from "./entry-faults.ts";

/**
 * The file that an entry's `sessionFile` names, wherever it lies, as long as it is there or cannot be looked at: an entry that
 * forgot it would be the end of a conversation, even one that its gateway passes over by now.
 *
 * @returns its path on this host; undefined where nothing is there
 */
export function namedFileOf(
  { agent, entry: { sessionFile } }: EntryReference,
  registry: AgentRegistry,
  { openclaw, settings }: Installation,
): string | undefined {
  if (!sessionFile) return undefined;
  const named = filesNamedBy(sessionFile, registry, agent, settings.paths);
  const path = mapPath(sessionFile.trim(), settings.paths);
  // the oldest releases count it from the folder that the gateway was started in, which nothing tells
  const isAnywhere = path !== "" && !isAbsolute(path) && takesAnyPath(openclaw?.era.era ?? "unknown");
  return named.find(mayBeThere) ?? (isAnywhere ? path : undefined);
}

function mayBeThere(path: string): boolean {
  try {
    const seen = lookAt(path);
    return seen !== undefined && seen.kind !== "folder";
  } catch {
    return true;
  }
}
