import { existsSync } from "node:fs";
import { reasonOf } from "../apply/reason.ts";
import type { InstallationSettings, Settings } from "../config/settings.ts";
import { describeError, errnoOf, KeeperError } from "../errors.ts";
import { logFilesOf } from "../gateway-log/log-files.ts";
import { discover, type Scope, type Surroundings } from "../installation/discover.ts";
import type { Installation } from "../installation/installation.ts";
import { realPathOr } from "../installation/paths.ts";
import type { ReportedFailure } from "../report/document.ts";
import { homeOfStranger } from "./as-owner.ts";

/** An installation to look after, or why it could not be looked up. */
export type Prospect =
  | { name: string; installation: Installation; sharedLogs: ReadonlySet<string> }
  | { name: string; failure: ReportedFailure };

/** What of each installation a command is about. */
export function scopeOf({ command }: { command: string }): Scope {
  return command === "clean-locks" ? "locks" : "transcripts";
}

/** Looks up every installation, and settles between those that share a home or a log. */
export async function lookForAll(
  settings: Settings,
  surroundings: Surroundings,
  scope: Scope = "transcripts",
): Promise<Prospect[]> {
  const prospects: Prospect[] = [];
  const openclawHomes = new Set<string>();
  const sharedLogs = new Set<string>();
  for (const asked of settings.installations) {
    const home = asked.openclaw && existsSync(asked.openclaw.home) ? realPathOr(asked.openclaw.home) : undefined;
    const isTaken = home !== undefined && openclawHomes.has(home);
    if (home) openclawHomes.add(home);
    try {
      const around = { ...surroundings, homeDirectory: homeDirectoryFor(asked, surroundings) };
      const installation = await discover(isTaken ? { ...asked, openclaw: null } : asked, around, scope);
      const isNothing = !installation.openclaw && !installation.claude;
      prospects.push({
        name: asked.name,
        installation: isNothing && !isTaken ? { ...installation, name: "files" } : installation,
        sharedLogs,
      });
    } catch (error) {
      prospects.push({ name: asked.name, failure: describeFailure(error) });
    }
  }
  const found = prospects.flatMap((prospect) => ("installation" in prospect ? [prospect.installation] : []));
  shareOut(found);
  if (found.length > 1 && scope === "transcripts") await findSharedLogs(found, sharedLogs);
  return prospects;
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

/** Notes the logs, as configured and by real path, that more than one installation reads. */
async function findSharedLogs(installations: readonly Installation[], shared: Set<string>): Promise<void> {
  const seen = new Set<string>();
  for (const { logs } of installations) {
    const files = new Set(logs);
    for (const log of logs) {
      const paths = log.startsWith("journal:") ? [log] : await logFilesOf(log).catch(() => [log]);
      for (const path of paths) files.add(path);
    }
    for (const file of files) (seen.has(file) ? shared : seen).add(file);
  }
}

/**
 * Where installations share a Claude Code home, each transcript is looked after by one: the one whose registry binds it, else
 * the one whose workspace it belongs to, else the first. A lock has no owner among them: the first one sees to it.
 */
function shareOut(installations: readonly Installation[]): void {
  const owners = new Map<string, { installation: Installation; claim: number }>();
  for (const installation of installations) {
    for (const { path, entries, inWorkspace } of installation.transcripts) {
      const claim = entries.length > 0 ? 2 : inWorkspace ? 1 : 0;
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
  for (const installation of installations) {
    installation.neighbours = installations
      .filter((other) => other !== installation && other.claude && other.claude.home === installation.claude?.home)
      .flatMap(({ registries }) => registries);
  }
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
