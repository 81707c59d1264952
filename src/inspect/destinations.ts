import { closeSync, constants, openSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { lookAt } from "../disk/fingerprint.ts";
import { isLeftBehind } from "../disk/left-behind.ts";
import type { AgentRegistry, EntryReference, Installation, Transcript } from "../installation/installation.ts";
import { mapPath, realPathOr, userHomeOf } from "../installation/paths.ts";
import { listFolder, registryPlaceOf } from "../installation/registries.ts";
import { findSidecars } from "../installation/sidecars.ts";
import { workspaceOf } from "../installation/workspaces.ts";
import { checkpointsOf } from "../registry/move-paths.ts";
import { placesIn } from "../registry/places.ts";
import { readSessionKey } from "../registry/session-key.ts";
import { unsafeBecause } from "../transcript/open.ts";
import type { PeerSession } from "./agents-of-peers.ts";
import { namedFileOf } from "./named-file.ts";

/** Why a session cannot go to the agent that gets its messages, and what becomes of it. */
export type Hindrance =
  /** the other agent has a session for it */
  | "has-one"
  /** of several sessions for it, another one is newer */
  | "older"
  /** nothing leads to a transcript of it */
  | "no-transcript"
  /** another entry leads to its transcript, too */
  | "shared"
  /** the transcript lies elsewhere than in its agent's folder */
  | "elsewhere"
  /** both agents have one registry, or one folder */
  | "one-store"
  /** it goes on in a session of Claude Code or the like, which belongs to the folder that its agent works in */
  | "other-workspace"
  /** a binding may give its conversations keys of another form */
  | "other-scope"
  /** the other agent's registry is broken */
  | "broken-registry"
  /** a file of that name is there already, and it is another session's */
  | "taken-name"
  /** something else stands where the other agent's folder ought to be */
  | "no-folder"
  /** a file that it needs is another session's, too, or lies where it cannot be taken along from */
  | "bound-files"
  /** it is mended first */
  | "to-mend";

/**
 * Where a session can go with all that belongs to it. `to`: the entry that it will have there. `folder`: where its files will
 * lie. `checkpoints`: files beside its transcript that its entry names.
 */
export type Destination = { to: EntryReference; folder: string; checkpoints: string[] };

/**
 * `detail` says in words what is in the way. `movingWith`: it is there already, because a run was stopped in the midst of
 * moving it; these files have gone with it, and are still here.
 */
export type Stuck = { hindrance: Hindrance; detail?: string; movingWith?: string[] };

/**
 * Looks where a session would lie with another agent, and whether anything would be lost or mixed up on the way.
 *
 * @param transcript of OpenClaw, where it has one
 * @param sound the registries that can be read
 */
export function findDestination(
  { reference, entry }: PeerSession,
  wanted: string,
  transcript: Transcript | undefined,
  installation: Installation,
  { sound, homeDirectory }: { sound: readonly AgentRegistry[]; homeDirectory: string },
): Destination | Stuck {
  const { openclaw, registries, settings, unreadable } = installation;
  const source = registries.find(({ path }) => path === reference.registryPath);
  const { agent: owner } = readSessionKey(reference.entry.key);
  if (!openclaw || !source) return { hindrance: "elsewhere" };
  const userHome = userHomeOf(openclaw.home, settings.paths, homeDirectory);
  const place = registryPlaceOf(wanted, openclaw.home, openclaw.config, settings.paths, userHome);
  if (place.path === source.path || place.sessions === source.sessions) return { hindrance: "one-store" };
  if ((owner ?? source.agent) !== source.agent) return { hindrance: "elsewhere" };
  const target = registries.find(({ path }) => path === place.path);
  const isUnreadable =
    openclaw.config.storeUnknown !== undefined ||
    unreadable.some(({ path }) => path === place.path || path === place.sessions);
  const isNew = target === undefined || target.registry.problem === "missing";
  // where a registry has a place elsewhere, an empty one may be a disk that is not mounted
  const isLost = openclaw.config.store !== undefined || hasLostItsRegistry(place.sessions, source);
  const isBroken = isNew ? isLost : !sound.includes(target);
  if (isUnreadable || isBroken) return { hindrance: "broken-registry" };
  const key = keyWith(wanted, reference.entry.key);
  const own = target?.registry.entries.find((one) => one.key.toLowerCase() === key.toLowerCase());
  if (own) {
    const isSame = transcript !== undefined && own.sessionId === reference.entry.sessionId;
    const files = isSame ? filesOf(transcript, entry, source, place.sessions, installation) : undefined;
    return { hindrance: "has-one", ...(files && "checkpoints" in files ? { movingWith: files.checkpoints } : {}) };
  }
  const to = { agent: wanted, registryPath: place.path, entry: { ...reference.entry, key } };
  const isBacked = reference.entry.bindings.length > 0;
  if (!transcript && !isBacked && reference.entry.sessionFile !== undefined)
    return namedFileOf(reference, source, installation) === undefined
      ? { hindrance: "no-transcript" }
      : { hindrance: "bound-files", detail: NAMES_OUTSIDE };
  const worksIn = (agent: string) => realPathOr(mapPath(workspaceOf(agent, openclaw, userHome), settings.paths));
  if (isBacked && worksIn(source.agent) !== worksIn(wanted)) return { hindrance: "other-workspace" };
  if (!transcript) return { to, folder: place.sessions, checkpoints: [] };
  const files = filesOf(transcript, entry, source, place.sessions, installation);
  return "hindrance" in files ? files : { to, folder: place.sessions, ...files };
}

/** The key under which the other agent looks for it. One from before agents had names belonged to the folder's agent. */
function keyWith(agent: string, key: string): string {
  return readSessionKey(key).agent === undefined
    ? `agent:${agent}:${key}`
    : key.replace(/^agent:[^:]+/i, `agent:${agent}`);
}

function filesOf(
  transcript: Transcript,
  entry: Record<string, unknown>,
  source: AgentRegistry,
  folder: string,
  installation: Installation,
): { checkpoints: string[] } | Stuck {
  const { path } = transcript;
  if (transcript.entries.length > 1) return { hindrance: "shared" };
  if (dirname(path) !== source.sessions) return { hindrance: "elsewhere" };
  const unsafe = unsafeBecause(path);
  if (unsafe) return { hindrance: "bound-files", detail: unsafe };
  if (![undefined, "folder"].includes(lookAt(folder)?.kind)) return { hindrance: "no-folder" };
  const there = join(folder, basename(path));
  const names = installation.transcripts.find((one) => one.path === there)?.entries ?? [];
  const isNamed = names.some(({ entry: other }) => other.sessionId !== transcript.entries[0]?.entry.sessionId);
  if (isNamed || !mayBeCopy(there, transcript)) return { hindrance: "taken-name" };
  const checkpoints: string[] = [];
  for (const named of checkpointsOf(entry)) {
    const file = mapPath(named, installation.settings.paths);
    if (realPathOr(dirname(file)) !== source.sessions || basename(file) === basename(path)) continue;
    const checkpoint = join(source.sessions, basename(file));
    if (!lookAt(checkpoint)) continue;
    if (!CHECKPOINT.test(checkpoint)) return { hindrance: "bound-files", detail: NAMES_ANOTHER };
    if (isNamedByOthers(basename(file), source, transcript)) return { hindrance: "bound-files", detail: NAMES_ANOTHER };
    checkpoints.push(checkpoint);
  }
  const sidecars = findSidecars(transcript, installation, checkpoints);
  return "refused" in sidecars ? { hindrance: "bound-files", detail: sidecars.refused } : { checkpoints };
}

const CHECKPOINT = /\.checkpoint\.[0-9a-f-]{36}\.jsonl$/i;
const NAMES_OUTSIDE = "its entry names a file outside the sessions folders";
const NAMES_ANOTHER = "its entry names a file that belongs to another session, too";

/** Whether nothing stands at a path, or what a run that was stopped may have left there of the transcript. */
function mayBeCopy(there: string, { path, fingerprint }: Transcript): boolean {
  const seen = lookAt(there);
  if (!seen) return true;
  if (seen.kind !== "file" || seen.fingerprint.sizeBytes > fingerprint.sizeBytes) return false;
  const bytes = Math.min(LOOK_BYTES, seen.fingerprint.sizeBytes);
  return beginningOf(there, bytes).equals(beginningOf(path, bytes));
}

/** Enough for the header, which names the session. */
const LOOK_BYTES = 4096;

function beginningOf(path: string, bytes: number): Buffer {
  const descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const beginning = Buffer.alloc(bytes);
    return beginning.subarray(0, readSync(descriptor, beginning, 0, bytes, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** Forks of a session may name the same copy. */
function isNamedByOthers(name: string, { registry }: AgentRegistry, { entries }: Transcript): boolean {
  const own = new Set(entries.map(({ entry }) => entry.key));
  const places = placesIn(registry);
  for (let at = registry.text.indexOf(name); at >= 0; at = registry.text.indexOf(name, at + 1)) {
    const holder = places.find(({ valueAt, valueEnd }) => valueAt <= at && at < valueEnd);
    if (!holder || !own.has(holder.name)) return true;
  }
  return false;
}

/** A folder that holds history, and no registry: its registry was lost, and one with a single entry must not take its place. */
function hasLostItsRegistry(folder: string, source: AgentRegistry): boolean {
  const names = listFolder(folder, []);
  const isOfOthers = (name: string) => /^sessions\.json\.|\.jsonl/.test(name) && !isLeftBehind(name);
  return names.some((name) => isOfOthers(name) && !/\.lock$/.test(name) && !lookAt(join(source.sessions, name)));
}
