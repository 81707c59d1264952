import { join, sep } from "node:path";
import type { Dialect } from "../dialects/dialect.ts";

/** Why an archive was made. */
export type ArchiveReason = "size" | "corrupt" | "repair" | "idle" | "sweep" | "leftover" | "manual";

const REASONS: Record<ArchiveReason, true> = {
  size: true,
  corrupt: true,
  repair: true,
  idle: true,
  sweep: true,
  leftover: true,
  manual: true,
};

/** What the name of an archive tells. `at`: to the second. */
export type ArchiveNameParts = {
  dialect: Dialect["name"];
  group: string;
  sessionId: string;
  reason: ArchiveReason;
  at: Date;
  attempt: number;
};

const FILE = /^(.+)\.(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:-(\d+))?\.([a-z]+)\.jsonl\.gz$/;

/**
 * Where an archive lies below the archive folder: `<dialect>/<agent or project>/<sessionId>.<time>.<reason>.jsonl.gz`,
 * with the time in UTC to the second. `attempt` above 1 is added behind the time when the name is taken.
 */
export function archiveName(of: ArchiveNameParts): string {
  const time = of.at.toISOString().replace(/[-:]|\.\d+/g, "");
  const stamp = of.attempt > 1 ? `${time}-${of.attempt}` : time;
  return join(of.dialect, of.group, `${of.sessionId}.${stamp}.${of.reason}.jsonl.gz`);
}

/** Takes a name apart again, as `archiveName` gives it; undefined for every other. */
export function parseArchiveName(archive: string): ArchiveNameParts | undefined {
  const [dialect, group, file, ...more] = archive.split(sep);
  const [, sessionId, year, month, day, hours, minutes, seconds, attempt, reason] = FILE.exec(file ?? "") ?? [];
  if (dialect !== "claude-code" && dialect !== "openclaw") return undefined;
  if (!group || sessionId === undefined || !isReason(reason) || more.length > 0) return undefined;
  const at = new Date(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  const parts: ArchiveNameParts = { dialect, group, sessionId, reason, at, attempt: Number(attempt ?? 1) };
  return Number.isNaN(at.getTime()) || archiveName(parts) !== archive ? undefined : parts;
}

function isReason(name: string | undefined): name is ArchiveReason {
  return name !== undefined && Object.hasOwn(REASONS, name);
}
