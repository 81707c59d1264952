import { existsSync } from "node:fs";
import { reasonOf } from "../apply/reason.ts";
import type { InstallationSettings, Settings } from "../config/settings.ts";
import { describeError, errnoOf, KeeperError } from "../errors.ts";
import type { LogReader, SharedLogs } from "../inspect/shared-logs.ts";
import { discover, type Scope, type Surroundings } from "../installation/discover.ts";
import type { Installation } from "../installation/installation.ts";
import { realPathOr } from "../installation/paths.ts";
import type { ReportedFailure } from "../report/document.ts";
import { homeOfStranger } from "./as-owner.ts";
import { findSharedLogs, keysOf, type LogSources, shareOut, type Unseen, unseenOf } from "./share-out.ts";

/** An installation to look after, or why it could not be looked up. */
export type Prospect =
  | { name: string; installation: Installation; sharedLogs: SharedLogs }
  | { name: string; failure: ReportedFailure };

/** What of each installation a command is about. */
export function scopeOf({ command }: { command: string }): Scope {
  return command === "clean-locks" ? "locks" : "transcripts";
}

/** Looks up every installation, and settles between those that share a home or a log, with the ones that this run is not about. */
export async function lookForAll(
  settings: Settings,
  surroundings: Surroundings,
  scope: Scope = "transcripts",
): Promise<Prospect[]> {
  const prospects: Prospect[] = [];
  const look = lookerAt(surroundings);
  const sharedLogs = new Map<string, LogReader[]>();
  const unseen: Unseen[] = [];
  for (const asked of settings.installations) {
    try {
      const { installation, isTaken } = await look(asked, scope);
      const isNothing = !installation.openclaw && !installation.claude;
      prospects.push({
        name: asked.name,
        installation: isNothing && !isTaken ? { ...installation, name: "files" } : installation,
        sharedLogs,
      });
    } catch (error) {
      prospects.push({ name: asked.name, failure: describeFailure(error) });
      unseen.push(unseenOf(asked));
    }
  }
  const found = prospects.flatMap((prospect) => ("installation" in prospect ? [prospect.installation] : []));
  const around = scope === "transcripts" ? await lookAround(settings.bystanders, found, look) : NOBODY;
  shareOut([...found, ...around.neighbours], [...unseen, ...around.unseen]);
  const readers = [...found.map(readerOf), ...around.readers];
  if (readers.length > 1 && scope === "transcripts") await findSharedLogs(readers, sharedLogs);
  return prospects;
}

/** Looks installations up; an OpenClaw home that several name belongs to the first of them. */
function lookerAt(surroundings: Surroundings) {
  const openclawHomes = new Set<string>();
  return async (asked: InstallationSettings, scope: Scope) => {
    const home = asked.openclaw && existsSync(asked.openclaw.home) ? realPathOr(asked.openclaw.home) : undefined;
    const isTaken = home !== undefined && openclawHomes.has(home);
    if (home) openclawHomes.add(home);
    const around = { ...surroundings, homeDirectory: homeDirectoryFor(asked, surroundings) };
    return { installation: await discover(isTaken ? { ...asked, openclaw: null } : asked, around, scope), isTaken };
  };
}

type Look = ReturnType<typeof lookerAt>;

/** What is to be known of installations that a run is not about. `neighbours`: those on a Claude Code home that it is about. */
type Around = { neighbours: Installation[]; unseen: Unseen[]; readers: LogSources[] };

const NOBODY: Around = { neighbours: [], unseen: [], readers: [] };

function readerOf(installation: Installation): LogSources {
  return { name: installation.name, logs: installation.logs, keysOf: async () => keysOf(installation) };
}

/** Looks no further than is needed: which registries bind sessions in the same home, and which logs are read by others, too. */
async function lookAround(
  bystanders: readonly InstallationSettings[],
  found: readonly Installation[],
  look: Look,
): Promise<Around> {
  const around: Around = { neighbours: [], unseen: [], readers: [] };
  for (const asked of bystanders) {
    const { logs } = asked.gateway;
    const isNeighbour = found.some(({ claude }) => claude && claude.home === unseenOf(asked).claudeHome);
    if (logs && !isNeighbour) {
      const keysOfUnseen = async () => keysOf((await look(asked, "locks")).installation);
      around.readers.push({ name: asked.name, logs, keysOf: () => keysOfUnseen().catch(() => null) });
      continue;
    }
    try {
      const { installation } = await look(asked, isNeighbour ? "transcripts" : "locks");
      around.readers.push(readerOf(installation));
      if (isNeighbour) around.neighbours.push(installation);
    } catch {
      if (logs) around.readers.push({ name: asked.name, logs, keysOf: async () => null });
      around.unseen.push(unseenOf(asked)); // told where something is left alone for it: the run is not about it
    }
  }
  return around;
}

/** What `~` means to the gateway: it runs as the owner of its home, whoever we are. */
function homeDirectoryFor({ openclaw, claude }: InstallationSettings, { homeDirectory }: Surroundings): string {
  const home = openclaw?.home ?? claude?.home;
  return (process.geteuid?.() === 0 && home !== undefined && homeOfStranger(home)) || homeDirectory;
}

/** Any thrown value as it is reported. */
export function describeFailure(error: unknown): ReportedFailure {
  const { name, cause: reason } = (error ?? {}) as { name?: unknown; cause?: unknown };
  if (name === "AbortError" && reason instanceof KeeperError) return describeFailure(reason);
  if (error instanceof KeeperError) {
    const { code, message, hint, cause } = error;
    return { code, message, hint, ...(code === "locked" && typeof cause === "number" ? { sinceMs: cause } : {}) };
  }
  const { path } = (error ?? {}) as { path?: unknown };
  if (errnoOf(error))
    return {
      code: "failed",
      message: typeof path === "string" ? `${reasonOf(error)}: ${path}` : reasonOf(error),
      hint: "what was not done yet was left as it was; the next run tries again",
    };
  return {
    code: "failed",
    message: describeError(error),
    hint: "nothing more was changed; this is a fault of session-keeper if it comes back",
  };
}
