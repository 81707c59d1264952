import { createHash } from "node:crypto";
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

/** A name takes up to 255 bytes, of which time, reason, numbers and the endings of sidecars and drafts need up to 80. */
const LONGEST_ID_BYTES = 170;
const HASH_LENGTH = 12;

const FILE = /^(.+)\.(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:-(\d+))?\.([a-z]+)\.jsonl\.gz$/;

/**
 * Where an archive lies below the archive folder: `<dialect>/<agent or project>/<sessionId>.<time>.<reason>.jsonl.gz`,
 * with the time in UTC to the second. `attempt` above 1 is added behind the time when the name is taken. An id that would be too
 * long for a name keeps its beginning.
 */
export function archiveName(of: ArchiveNameParts): string {
  const time = of.at.toISOString().replace(/[-:]|\.\d+/g, "");
  const stamp = of.attempt > 1 ? `${time}-${of.attempt}` : time;
  return join(of.dialect, of.group, `${shorten(of.sessionId)}.${stamp}.${of.reason}.jsonl.gz`);
}

/** Takes a name apart again, as `archiveName` gives it, with an id as short as it is there; undefined for every other. */
export function parseArchiveName(archive: string): ArchiveNameParts | undefined {
  const [dialect, group, file, ...more] = archive.split(sep);
  const [, sessionId, year, month, day, hours, minutes, seconds, attempt, reason] = FILE.exec(file ?? "") ?? [];
  if (dialect !== "claude-code" && dialect !== "openclaw") return undefined;
  if (!group || sessionId === undefined || !isReason(reason) || more.length > 0) return undefined;
  const at = new Date(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
  const parts: ArchiveNameParts = { dialect, group, sessionId, reason, at, attempt: Number(attempt ?? 1) };
  return Number.isNaN(at.getTime()) || archiveName(parts) !== archive ? undefined : parts;
}

/** The name of an archive of what belongs to a transcript: that of the transcript's archive, with a number from the second on. */
export function sidecarsName(archive: string, attempt: number): string {
  const stem = archive.replace(/\.jsonl\.gz$/, "");
  return `${attempt > 1 ? `${stem}-${attempt}` : stem}.sidecars.tar.gz`;
}

function shorten(id: string): string {
  const bytes = Buffer.from(id);
  if (bytes.length <= LONGEST_ID_BYTES) return id;
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, HASH_LENGTH);
  let end = LONGEST_ID_BYTES - HASH_LENGTH - 1;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1; // never within a character
  return `${bytes.subarray(0, end).toString("utf8")}~${hash}`;
}

function isReason(name: string | undefined): name is ArchiveReason {
  return name !== undefined && Object.hasOwn(REASONS, name);
}
