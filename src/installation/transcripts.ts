import { basename, dirname, join } from "node:path";
import { type Fingerprint, lookAt, type PathKind } from "../disk/fingerprint.ts";
import { isLeftBehind } from "../disk/left-behind.ts";
import { describeError } from "../errors.ts";
import type { AgentRegistry, ClaudeHome, EntryReference, Installation, Transcript } from "./installation.ts";
import { projectNamesOf, realPathOr } from "./paths.ts";
import { listFolder } from "./registries.ts";
import { agentOfKey, filesNamedBy, foldersOfRegistry, sessionsFolderOf } from "./session-folders.ts";

const CLAUDE_TRANSCRIPT = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.jsonl$/i;
/** A topic stands in the name as `encodeURIComponent` spells it. */
const OPENCLAW_TRANSCRIPT = /^([a-z0-9][a-z0-9._-]*(?:-topic-[a-z0-9._!~*'()%-]+)?)\.jsonl$/i;
/** Files beside transcripts that end in .jsonl and are none: traces of runs and copies from before a compaction. */
const OPENCLAW_SIDECAR = /\.trajectory\.jsonl$|\.checkpoint\.[0-9a-f-]{36}\.jsonl$/i;

const IN_SESSIONS_FOLDER = /\/agents\/[^/]+\/sessions\/[^/]+$/;

type Sources = {
  claude: ClaudeHome | null;
  registries: readonly AgentRegistry[];
  /** Working directories as the programs that use them name them. */
  workspaces: readonly string[];
  paths: Record<string, string>;
  leftBehind: string[];
  unreadable: Installation["unreadable"];
};

/** Every transcript of an installation, in both dialects, each once, with the registry entries that lead to it. */
export function findTranscripts(sources: Sources): Transcript[] {
  return [...claudeTranscripts(sources), ...openclawTranscripts(sources)];
}

function claudeTranscripts({ claude, registries, workspaces, leftBehind, unreadable }: Sources): Transcript[] {
  if (!claude) return [];
  const bound = new Map<string, EntryReference[]>();
  for (const { agent, path, registry } of registries) {
    for (const entry of registry.entries) {
      for (const { provider, sessionId } of entry.bindings) {
        push(bound, sessionId, { agent, registryPath: path, entry, provider });
      }
    }
  }
  const botFolders = new Set(workspaces.flatMap((path) => [path, realPathOr(path)]).flatMap(projectNamesOf));
  const transcripts: Transcript[] = [];
  for (const group of listFolder(claude.projects, unreadable)) {
    const folder = join(claude.projects, group);
    if (lookAt(folder)?.kind !== "folder") continue;
    for (const name of listFolder(folder, unreadable)) {
      if (isLeftBehind(name)) leftBehind.push(`${folder}/${name}`);
      const sessionId = CLAUDE_TRANSCRIPT.exec(name)?.[1];
      const file = sessionId === undefined ? undefined : look(`${folder}/${name}`, unreadable);
      if (sessionId === undefined || !file) continue;
      const entries = bound.get(sessionId) ?? [];
      transcripts.push({
        dialect: "claude-code",
        sessionId,
        group,
        entries,
        inWorkspace: botFolders.has(group),
        ...file,
      });
    }
  }
  return transcripts;
}

function openclawTranscripts({ registries, paths, leftBehind, unreadable }: Sources): Transcript[] {
  const references = new Map<string, EntryReference[]>();
  const folders = new Map(
    registries.flatMap(({ agent, path, sessions }) => [[sessions, agent] as const, [dirname(path), agent] as const]),
  );
  for (const registry of registries) {
    for (const entry of registry.registry.entries) {
      const agent = agentOfKey(registry, entry.key);
      for (const file of transcriptPathsOf(entry, registry, agent, { folders, paths }))
        push(references, file, { agent, registryPath: registry.path, entry });
    }
  }
  const transcripts: Transcript[] = [];
  for (const [folder, group] of folders) {
    for (const name of listFolder(folder, unreadable)) {
      if (isLeftBehind(name)) leftBehind.push(`${folder}/${name}`);
      const sessionId = OPENCLAW_SIDECAR.test(name) ? undefined : OPENCLAW_TRANSCRIPT.exec(name)?.[1];
      const file = sessionId === undefined ? undefined : look(`${folder}/${name}`, unreadable);
      if (sessionId === undefined || !file) continue;
      transcripts.push({
        dialect: "openclaw",
        sessionId,
        group,
        entries: references.get(file.path) ?? [],
        inWorkspace: false,
        ...file,
      });
    }
  }
  return transcripts;
}

/**
 * Where an entry's transcript may lie: `sessionFile` wins, but only inside a sessions folder; else by the session id,
 * beside the registry first, then in the agent's own folder. What it names in another agent's folder, some releases take and
 * others pass over.
 */
function transcriptPathsOf(
  entry: EntryReference["entry"],
  registry: AgentRegistry,
  agent: string,
  { folders, paths }: { folders: ReadonlyMap<string, string>; paths: Record<string, string> },
): string[] {
  const sessions = sessionsFolderOf(registry, agent);
  const { sessionId, sessionFile } = entry;
  const byId = sessionId ? [dirname(registry.path), sessions].map((folder) => `${folder}/${sessionId}.jsonl`) : [];
  if (!sessionFile) return [...new Set(byId)];
  const own = foldersOfRegistry(registry);
  const named = filesNamedBy(sessionFile, registry, agent, paths).map((path) => {
    const place = dirname(path);
    return `${folders.has(place) || own.includes(place) ? place : realPathOr(place)}/${basename(path)}`;
  });
  const inside = named.filter((path) => own.includes(dirname(path)));
  if (inside.length > 0) return inside;
  const withOthers = named.filter((path) => folders.has(dirname(path)) && isThere(path));
  // as the gateway named it before the home was moved, or as it is seen from inside a container
  const moved = named.filter((path) => IN_SESSIONS_FOLDER.test(path)).map((path) => `${sessions}/${basename(path)}`);
  const here = moved.filter(isThere);
  if (withOthers.length === 0 && here.length > 0) return here;
  return [...new Set([...withOthers, ...here, ...byId])];
}

/** What cannot be looked at may be there. */
function isThere(path: string): boolean {
  try {
    return lookAt(path) !== undefined;
  } catch {
    return true;
  }
}

function look(
  path: string,
  unreadable: Installation["unreadable"],
): { path: string; kind: PathKind; fingerprint: Fingerprint } | undefined {
  try {
    const seen = lookAt(path);
    return seen && { path, ...seen };
  } catch (error) {
    unreadable.push({ path, message: describeError(error) });
    return undefined;
  }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
