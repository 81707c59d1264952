import type { InstallationSettings } from "../config/settings.ts";
import { logFilesOf } from "../gateway-log/log-files.ts";
import type { LogReader } from "../inspect/shared-logs.ts";
import { hasLostRegistry, hasUnreadablePart } from "../inspect/surroundings.ts";
import type { Installation } from "../installation/installation.ts";
import { realPathOr } from "../installation/paths.ts";

/** An installation that could not be looked up. `claudeHome`: a real path; undefined where it has none. */
export type Unseen = { name: string; claudeHome: string | undefined };

export function unseenOf({ name, claude }: InstallationSettings): Unseen {
  return { name, claudeHome: claude ? realPathOr(claude.home) : undefined };
}

/**
 * Where installations share a Claude Code home, each transcript is looked after by one: the one whose registry binds it, else
 * the one whose workspace it belongs to, else the first. A lock has no owner among them: the first one sees to it. Each learns
 * what the others bind, and of whom that is not known.
 */
export function shareOut(installations: readonly Installation[], unseen: readonly Unseen[]): void {
  const unknown = [...unseen, ...installations.filter(hidesBindings).map(seenAs)];
  for (const installation of installations) {
    const { name, claude } = installation;
    if (!claude) continue;
    const others = installations.filter((other) => other !== installation && other.claude?.home === claude.home);
    installation.neighbours = others.flatMap(({ registries }) => registries);
    installation.unseenNeighbours = unknown
      .filter((other) => other.claudeHome === claude.home && other.name !== name)
      .map((other) => other.name);
  }
  shareTranscripts(installations);
  shareLocks(installations);
}

function seenAs({ name, claude }: Installation): Unseen {
  return { name, claudeHome: claude?.home };
}

/** Whether an installation may bind sessions of which nothing is known: also where its home holds nothing, as an empty mount. */
function hidesBindings(installation: Installation): boolean {
  const { openclaw, registries } = installation;
  if (!openclaw) return false;
  const isEmpty = openclaw.era.era !== "S" && registries.every(({ registry }) => registry.problem === "missing");
  return isEmpty || hasUnreadablePart(installation) || hasLostRegistry(installation);
}

function shareTranscripts(installations: readonly Installation[]): void {
  const owners = new Map<string, { installation: Installation; claim: number }>();
  for (const installation of installations) {
    // what binds a session of Claude Code may stand in the database, where we do not see it
    const claimOfWorkspace = installation.openclaw?.era.era === "S" ? 2 : 1;
    for (const { path, entries, inWorkspace } of installation.transcripts) {
      const claim = entries.length > 0 ? 3 : inWorkspace ? claimOfWorkspace : 0;
      const owner = owners.get(path);
      if (!owner || claim > owner.claim) owners.set(path, { installation, claim });
    }
  }
  for (const installation of installations) {
    const isMine = ({ path }: { path: string }) => owners.get(path)?.installation === installation;
    installation.claimedElsewhere = installation.transcripts
      .filter((transcript) => !isMine(transcript))
      .map(({ path }) => path);
    installation.transcripts = installation.transcripts.filter(isMine);
  }
}

function shareLocks(installations: readonly Installation[]): void {
  const taken = new Set<string>();
  for (const installation of installations) {
    const [mine, others] = [[], []] as [Installation["locks"], string[]];
    for (const lock of installation.locks) {
      if (taken.has(lock.path)) others.push(lock.path);
      else mine.push(lock);
    }
    for (const { path } of mine) taken.add(path);
    installation.locks = mine;
    installation.claimedElsewhere.push(...others);
  }
}

/** The logs of an installation. `keysOf`: is asked only where a log turns out to be shared. */
export type LogSources = { name: string; logs: readonly string[]; keysOf: () => Promise<LogReader["keys"]> };

/** Notes the logs, as configured and by real path, that more than one installation reads, and the keys of each of them. */
export async function findSharedLogs(all: readonly LogSources[], shared: Map<string, LogReader[]>): Promise<void> {
  const readers = new Map<string, LogSources[]>();
  for (const sources of all) {
    const files = new Set(sources.logs);
    for (const log of sources.logs) {
      const paths = log.startsWith("journal:") ? [log] : await logFilesOf(log).catch(() => [log]);
      for (const path of paths) files.add(path);
    }
    for (const file of files) readers.set(file, [...(readers.get(file) ?? []), sources]);
  }
  const known = new Map<LogSources, LogReader>();
  for (const [file, theirs] of readers) {
    if (theirs.length < 2) continue;
    for (const sources of theirs)
      if (!known.has(sources)) known.set(sources, { name: sources.name, keys: await sources.keysOf() });
    shared.set(
      file,
      theirs.flatMap((sources) => known.get(sources) ?? []),
    );
  }
}

/** The keys of an installation's registries, in lower case; null where not all of them can be read. */
export function keysOf(installation: Installation): LogReader["keys"] {
  if (hasUnreadablePart(installation) || hasLostRegistry(installation)) return null;
  return new Set(
    installation.registries.flatMap(({ registry }) => registry.entries.map(({ key }) => key.toLowerCase())),
  );
}
