import { basename, dirname, join, resolve } from "node:path";
import { openDisk } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { KeeperError } from "../errors.ts";
import type { Finding } from "../inspect/finding.ts";
import { realPathOr } from "../installation/paths.ts";
import { during } from "../progress.ts";
import { buildReport } from "../report/build.ts";
import type { InstallationReport } from "../report/document.ts";
import { type Archive, readArchives } from "../restore/archives.ts";
import { findMeant, liveOf, type Meant, newestArchive, newestOfHistory, segmentOf } from "../restore/choose.ts";
import { type Copy, copyOfArchive, copyOfHistory } from "../restore/copy.ts";
import { openLive } from "../restore/live.ts";
import { checkTarget, writeCopy } from "../restore/target.ts";
import { type GetRequest, type RestoreContext, type Shelf, tellArchive } from "./restore.ts";

/**
 * Writes a copy of what an archive holds, or of a session's whole history.
 *
 * @param others archives that are on no shelf
 * @returns the report of the installation that it is of
 */
export async function get(
  asked: GetRequest,
  shelves: readonly Shelf[],
  others: readonly Archive[],
  context: RestoreContext,
): Promise<InstallationReport[]> {
  const { request, world } = context;
  const { cwd } = world.surroundings;
  if (asked.to === null && !request.dryRun && world.output?.isTerminal() !== false)
    throw usage("what a session holds is not for a terminal", "add --to FILE, or put a command behind it: | less");
  const path = inRealFolder(cwd, asked.what);
  const known = [...shelves.flatMap(({ archives }) => archives), ...others];
  const archives = [...known, ...archivesAround(path, known)].toSorted((a, b) =>
    a.record.at.localeCompare(b.record.at),
  );
  const meant = findMeant(asked.what, path, archives);
  const transcripts = shelves.flatMap(({ installation }) => installation?.transcripts ?? []);
  const isWhole = asked.part === "full" && "session" in meant;
  const transcript = isWhole ? liveOf(transcripts, asked.what, meant.session) : undefined;
  const live = transcript && (await openLive(transcript));
  try {
    const newest = live ?? archiveMeant(asked, meant);
    if (!newest) throw unknown(asked.what, shelves);
    const copy =
      "record" in newest && asked.part !== "full"
        ? copyOfArchive(newest, world.signal)
        : await copyOfHistory(newest, archives, world.signal);
    const target = asked.to === null ? undefined : inRealFolder(cwd, asked.to);
    const bytes = await write(copy, target, asked.mayReplace, shelves, context);
    const isOf = ({ archives: own, installation }: Shelf) =>
      transcript ? installation?.transcripts.includes(transcript) : copy.archives.some((one) => own.includes(one));
    const shelf = shelves.find(isOf) ?? shelves[0];
    return shelf ? [tell(shelf, copy, bytes, target)] : [];
  } finally {
    await live?.close();
  }
}

function archiveMeant({ what, part }: GetRequest, meant: Meant): Archive | undefined {
  if ("session" in meant) {
    if (part === "full") return newestOfHistory(meant.session);
    return part === "newest" || meant.session.length === 0
      ? newestArchive(meant.session)
      : segmentOf(meant.session, part, what);
  }
  if (typeof part === "number") throw usage("--segment is a number among the archives of a session", "name a session");
  return meant.archive;
}

/** @returns how many bytes the copy has; in a dry run it is only counted */
async function write(
  copy: Copy,
  target: string | undefined,
  mayReplace: boolean,
  shelves: readonly Shelf[],
  { request, world, disk }: RestoreContext,
): Promise<number> {
  const homes = shelves.flatMap(({ installation }) => [
    ...(installation?.claude ? [{ home: installation.claude.home, isClosed: false }] : []),
    ...(installation?.openclaw
      ? [{ home: installation.openclaw.home, isClosed: installation.openclaw.era.era === "S" }]
      : []),
  ]);
  const replaces = target === undefined ? undefined : checkTarget(target, mayReplace, homes);
  let bytes = 0;
  async function* counted() {
    for await (const piece of copy.pieces()) {
      world.signal.throwIfAborted();
      bytes += piece.length;
      yield piece;
    }
  }
  const write = async () => {
    if (request.dryRun) for await (const _ of counted());
    else if (target === undefined) await world.output?.write(counted());
    else await writeCopy(disk ?? openDisk(), target, counted(), replaces);
  };
  await during("write-copy", undefined, write);
  return bytes;
}

function tell(
  { report, installation, findings: ofCatalogs }: Shelf,
  copy: Copy,
  bytes: number,
  path: string | undefined,
): InstallationReport {
  const { archives, withLive, missing } = copy;
  const findings: Finding[] = [
    ...ofCatalogs,
    ...(missing === undefined
      ? []
      : [{ kind: "missing-archive", severity: "warning", evidence: { archive: missing } } satisfies Finding]),
  ];
  return {
    ...report,
    ...(installation ? buildReport({ installation, findings, plan: { jobs: [], spared: [] } }) : {}),
    archives: archives.map((archive) => tellArchive(archive)),
    copy: { ...(path === undefined ? {} : { path }), bytes, parts: archives.length + (withLive ? 1 : 0), withLive },
  };
}

/** The archives of the folder that a named archive lies in, where no installation leads to it. */
function archivesAround(path: string, known: readonly Archive[]): Archive[] {
  if (known.some((archive) => archive.path === path) || lookAt(path)?.kind !== "file") return [];
  return readArchives(dirname(dirname(dirname(path)))); // <folder>/<dialect>/<group>/<file>
}

function unknown(what: string, shelves: readonly Shelf[]): KeeperError {
  const failed = shelves.find(({ report }) => report.failure)?.report;
  if (!failed)
    return usage(
      `there is no archive of a session ${what}, and none of that name`,
      "session-keeper restore list tells which there are, and --archive-dir where else to look",
    );
  return new KeeperError(
    "failed",
    `no archive of ${what} was found, and ${failed.name} could not be looked into: ${failed.failure?.message}`,
    `nothing was written; ${failed.failure?.hint}`,
  );
}

function usage(message: string, hint: string): KeeperError {
  return new KeeperError("usage", message, `nothing was written; ${hint}`);
}

/** The folder is resolved, the file is not: a link in its place must show as one. */
function inRealFolder(cwd: string, name: string): string {
  const path = resolve(cwd, name);
  return join(realPathOr(dirname(path)), basename(path));
}
