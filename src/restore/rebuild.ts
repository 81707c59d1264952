import { createHash } from "node:crypto";
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join, sep } from "node:path";
import { type ArchivePurpose, type CatalogRecord, recordsOf } from "../archive/catalog.ts";
import type { ArchiveNameParts, ArchiveReason } from "../archive/names.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { errnoOf, KeeperError } from "../errors.ts";
import { type Installation, sessionKeyOf } from "../installation/installation.ts";
import { readPieces } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import { type Examined, examineArchive, type Refusal } from "./examine.ts";
import { findSidecarArchives } from "./found-sidecars.ts";
import { findCatalogDamage, type Lost } from "./lost.ts";
import { type Opening, readOpening } from "./opening.ts";
import { unpack } from "./unpack.ts";

/**
 * What a damaged catalog lacked. `records`: the oldest first. `notAdopted`: files that are named like archives and are none.
 */
export type Rebuilt = {
  records: CatalogRecord[];
  unreadableLines: number;
  notAdopted: ({ archive: string } & Refusal)[];
};

/** Who stands as the run of a record that was made from the archive alone. */
const REBUILT = "rebuilt";

/** Which command makes archives of a reason. A person's own wish is carried out by rotate. */
const COMMANDS: Record<ArchiveReason, string> = {
  size: "rotate",
  corrupt: "rotate",
  manual: "rotate",
  repair: "detect-corruption",
  idle: "archive",
  sweep: "archive",
  leftover: "archive",
};

/**
 * Makes the records anew that the catalog of an archive folder should hold and does not, from the archives themselves. Only
 * what is named like an archive, is stored like one and holds what the name says is taken for one. Writes nothing.
 *
 * @param isAlone no other installation keeps archives in this folder; else those of groups that are not here are left to it
 * @returns undefined when the catalog is whole
 * @throws the signal's reason on abort
 */
export async function rebuildCatalog(
  folder: string,
  installation: Installation,
  isAlone: boolean,
  signal: AbortSignal,
): Promise<Rebuilt | undefined> {
  const { lost, unreadableLines } = findCatalogDamage(folder);
  const own = lost.filter(({ parts }) => isOf(installation, parts, folder, isAlone));
  if (own.length === 0 && unreadableLines === 0) return undefined;
  const rebuilt: Rebuilt = { records: [], unreadableLines, notAdopted: [] };
  const keys = new Map(installation.transcripts.map((transcript) => [transcript.path, sessionKeyOf(transcript)]));
  const bySource = new Map<string, Found[]>();
  for (const { archive, parts } of own) {
    const examined = await examineIfThere({ archive, parts }, folder, signal);
    if (!examined) continue;
    if ("refused" in examined) {
      rebuilt.notAdopted.push({ archive, ...examined });
      continue;
    }
    const { opening, ...facts } = examined;
    const source = (await leftoverOf(installation, parts, facts)) ?? sourceOf(installation, parts, archive);
    const sessionKey = keys.get(source);
    const named = recordOf(archive, parts, source, installation.name);
    const { sidecars, broken } = await findSidecarArchives(archive, folder, signal);
    rebuilt.notAdopted.push(...broken.map((one) => ({ archive: one, refused: "broken" as const })));
    const about = { ...(sessionKey === undefined ? {} : { sessionKey }), ...(sidecars ? { sidecars } : {}) };
    const record = { ...named, ...about, ...facts };
    bySource.set(source, [...(bySource.get(source) ?? []), { record, opening }]);
  }
  for (const [source, found] of bySource)
    rebuilt.records.push(...(await linkUp(found, recordsOf(folder, source), folder, signal)));
  rebuilt.records.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return rebuilt;
}

/** An archive that was found again. */
type Found = { record: CatalogRecord; opening: Opening };

async function examineIfThere(
  { archive, parts }: Lost,
  folder: string,
  signal: AbortSignal,
): Promise<Examined | Refusal | undefined> {
  try {
    return await examineArchive(join(folder, archive), parts, signal);
  } catch (error) {
    if (error instanceof KeeperError) return undefined; // it is gone in the meantime, or another file has its name
    if (errnoOf(error) !== undefined) return { refused: "broken" };
    throw error;
  }
}

function recordOf(
  archive: string,
  { dialect, group, sessionId, reason, at }: ArchiveNameParts,
  source: string,
  installation: string,
): Omit<CatalogRecord, "bytes" | "lines" | "sha256" | "gzipBytes"> {
  return {
    archive,
    at: at.toISOString(),
    runId: REBUILT,
    command: COMMANDS[reason],
    installation,
    dialect,
    group,
    source,
    sessionId,
    reason,
    segment: 1,
  };
}

/**
 * Gives the archives of one transcript their numbers, and what was before and came after each. What became of the transcript
 * shows in the next archive of it, or in the live file: where that begins with a row that names this one, it goes on from it.
 */
async function linkUp(
  found: readonly Found[],
  known: readonly CatalogRecord[],
  folder: string,
  signal: AbortSignal,
): Promise<CatalogRecord[]> {
  const openings = new Map(found.map(({ record, opening }) => [record.archive, opening]));
  const line = [...found.map(({ record }) => ({ ...record })), ...known].sort((a, b) =>
    a.at < b.at ? -1 : a.at > b.at ? 1 : 0,
  );
  for (const [index, record] of line.entries()) {
    const opening = openings.get(record.archive);
    if (!opening) continue;
    const [before, after] = [line[index - 1], line[index + 1]];
    const { segment } = opening;
    const parent = segment && join(record.dialect, record.group, basename(segment.parentFile));
    const previous = before?.archive ?? parent;
    record.segment =
      after && !openings.has(after.archive) && after.previous === record.archive
        ? after.segment - 1
        : Math.max((before?.segment ?? 0) + 1, segment?.segmentIndex ?? 1);
    if (previous !== undefined) record.previous = previous;
    if (after) record.next = after.archive;
    record.rootSession = segment?.rootSession || record.sessionId;
    const next = after
      ? (openings.get(after.archive) ?? (await openingOfArchive(after, folder, signal)))
      : await openingOfLive(record);
    const purpose = purposeOf(record, next);
    if (purpose) record.purpose = purpose;
  }
  return line.filter(({ archive }) => openings.has(archive));
}

function purposeOf({ reason, archive }: CatalogRecord, next: Opening | undefined): ArchivePurpose | undefined {
  if (reason === "repair") return "repair";
  if (next?.segment?.parentFile !== basename(archive)) return undefined;
  return next.isDigest ? "digest" : "cut";
}

async function openingOfArchive(
  record: CatalogRecord,
  folder: string,
  signal: AbortSignal,
): Promise<Opening | undefined> {
  try {
    return await readOpening(unpack({ path: join(folder, record.archive), record }, signal), record.dialect);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof KeeperError) return undefined; // gone, or damaged: then nothing tells
    throw error;
  }
}

async function openingOfLive({ source, dialect }: CatalogRecord): Promise<Opening | undefined> {
  const seen = lookAt(source);
  if (seen?.kind !== "file") return undefined;
  const file = await openTranscript(source, seen.fingerprint).catch(() => undefined);
  if (!file) return undefined;
  try {
    return await readOpening(readPieces(file, 0, seen.fingerprint.sizeBytes), dialect);
  } finally {
    await file.close();
  }
}

/**
 * The path of the transcript that an archive was made of. What lay beside it had a name that nobody knows any more, so each is
 * given one of its own: it is no part of the session's history.
 */
function sourceOf(
  { claude, openclaw, registries }: Installation,
  { dialect, group, sessionId, reason }: ArchiveNameParts,
  archive: string,
): string {
  const name = reason === "leftover" ? basename(archive, ".jsonl.gz") : `${sessionId}.jsonl`;
  if (dialect === "claude-code") return join(claude?.projects ?? "", group, name);
  const sessions = registries.find(({ agent }) => agent === group)?.sessions;
  return join(sessions ?? join(openclaw?.home ?? "", "agents", group, "sessions"), name);
}

/**
 * The leftover that an archive was made of, as long as that is there: its name tells more than that of the archive. A killed
 * run leaves both, and the archive would be taken for one of the session of that id, and be made once more.
 */
async function leftoverOf(
  installation: Installation,
  parts: ArchiveNameParts,
  { bytes, sha256 }: Pick<Examined, "bytes" | "sha256">,
): Promise<string | undefined> {
  if (parts.reason !== "leftover") return undefined;
  const main = sourceOf(installation, { ...parts, reason: "idle" }, ""); // where the session's own rows lie
  const folder = dirname(main);
  const names = lookAt(folder)?.kind === "folder" ? readdirSync(folder) : [];
  for (const name of names.filter((one) => one.startsWith(parts.sessionId) && join(folder, one) !== main)) {
    const path = join(folder, name);
    const seen = lookAt(path);
    if (seen?.kind !== "file" || seen.fingerprint.sizeBytes !== bytes) continue;
    const file = await openTranscript(path, seen.fingerprint).catch(() => undefined);
    if (!file) continue;
    try {
      const hash = createHash("sha256");
      for await (const piece of readPieces(file, 0, bytes)) hash.update(piece);
      if (hash.digest("hex") === sha256) return path;
    } finally {
      await file.close();
    }
  }
  return undefined;
}

function isOf(
  { claude, openclaw, registries }: Installation,
  { dialect, group }: ArchiveNameParts,
  folder: string,
  isAlone: boolean,
): boolean {
  const home = dialect === "claude-code" ? claude?.home : openclaw?.home;
  if (home === undefined) return false;
  if (isAlone || folder.startsWith(home + sep)) return true;
  if (dialect === "claude-code") return existsSync(join(home, "projects", group));
  return registries.some(({ agent }) => agent === group);
}
