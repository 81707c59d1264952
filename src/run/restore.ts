import type { CatalogRecord } from "../archive/catalog.ts";
import { planRetention } from "../archive/keep.ts";
import type { Settings } from "../config/settings.ts";
import { type Disk, openDisk } from "../disk/disk.ts";
import { lookAt } from "../disk/fingerprint.ts";
import type { Finding } from "../inspect/finding.ts";
import type { Installation } from "../installation/installation.ts";
import { buildReport, reportFinding } from "../report/build.ts";
import type { InstallationReport, ReportedArchive } from "../report/document.ts";
import { type Archive, arrange, readArchives } from "../restore/archives.ts";
import { type Rebuilt, rebuildCatalog } from "../restore/rebuild.ts";
import { drawSample, verifyArchives } from "../restore/verify.ts";
import { openJournal } from "../state/journal.ts";
import { foldersOf, keepsArchivesAlone } from "./archive-folders.ts";
import { blankReport } from "./blank-report.ts";
import { catalogFindings } from "./mend-catalogs.ts";
import { describeFailure, type Prospect } from "./prospects.ts";
import type { Request, World } from "./run.ts";
import { stateDirectoryOf } from "./state-directory.ts";

/** What `restore` can be told to do. `sinceMs`: how long ago at most. `sample`: so many archives; null: all. */
export type RestoreRequest =
  | { verb: "list"; sinceMs: number | null; reason: string | null }
  | { verb: "verify"; sample: number | null }
  | GetRequest
  | UndoRequest;

/** `what`: a session's id, or an archive's name or path. `part`: a number is that of an archive. `to`: null is stdout. */
export type GetRequest = {
  verb: "get";
  what: string;
  part: "newest" | "full" | number;
  to: string | null;
  mayReplace: boolean;
};

/** `runId`: of the run that is to be undone. `mayDisturb`: sessions that are in use, too. */
export type UndoRequest = { verb: "undo"; runId: string; mayDisturb: boolean };

/** Where bytes go that a person asked for. `write` takes them piece by piece, each before the next one is made. */
export type Output = { isTerminal: () => boolean; write: (pieces: AsyncIterable<Uint8Array>) => Promise<void> };

export type RestoreContext = {
  request: Request;
  world: World;
  settings: Settings;
  runId: string;
  /** another disk than the real one: for tests of what happens when it fails */
  disk?: Disk;
};

/**
 * An installation with the archives that were made of it. No installation: it could not be looked up. `findings`: what is
 * wrong with their catalogs.
 */
export type Shelf = {
  report: InstallationReport;
  installation?: Installation;
  archives: Archive[];
  findings: Finding[];
};

/** Looks into the archives of all installations, and lists them, reads them back, or writes a copy of what they hold. */
export async function restore(
  asked: Exclude<RestoreRequest, UndoRequest>,
  prospects: readonly Prospect[],
  context: RestoreContext,
): Promise<InstallationReport[]> {
  const { shelves, others } = await fillShelves(prospects, context);
  if (asked.verb === "get") return (await import("./restore-get.ts")).get(asked, shelves, others, context);
  if (asked.verb === "verify") return verify(asked.sample, shelves, context);
  const sinceMs = asked.sinceMs === null ? null : Date.now() - asked.sinceMs;
  const choice = { sessions: context.request.sessions, sinceMs, reason: asked.reason };
  return shelves.map(({ report, archives, findings }) => {
    const keptBy = rulesFor(archives, context.settings);
    return {
      ...report,
      findings: [...report.findings, ...findings.map((finding) => reportFinding(finding, false))],
      archives: arrange(archives, choice).map((archive) => ({
        ...tellArchive(archive),
        ...(keptBy.has(archive.record) ? { keptBy: keptBy.get(archive.record) ?? [] } : {}),
      })),
    };
  });
}

/** Of the archives that the command `archive` may let go: the rules that keep each; none, and the next run lets it go. */
function rulesFor(archives: readonly Archive[], { archive }: Settings): Map<CatalogRecord, string[]> {
  const records = archives.filter(({ path }) => lookAt(path)).map(({ record }) => record);
  const retained = planRetention(records, archive.keep, Date.now()).archives;
  return new Map(retained.map(({ record, keptBy }) => [record, keptBy]));
}

/** An archive as it stands in the report. `verified`: when it was read back, whether it holds what was archived. */
export function tellArchive({ path, record }: Archive, verified?: boolean): ReportedArchive {
  const { archive, at, sessionId, segment, reason, dialect, source, command, runId } = record;
  const {
    lines,
    bytes,
    gzipBytes,
    sha256,
    sessionKey,
    purpose,
    previous,
    next,
    rootSession,
    firstAt,
    lastAt,
    sidecars,
  } = record;
  return {
    ...{ path, archive, at, sessionId, segment, reason, dialect, source, command, runId },
    ...{ lines, bytes, gzipBytes, sha256 },
    ...(sessionKey === undefined ? {} : { sessionKey }),
    ...(purpose === undefined ? {} : { purpose }),
    ...(previous === undefined ? {} : { previous }),
    ...(next === undefined ? {} : { next }),
    ...(rootSession === undefined ? {} : { rootSession }),
    ...(firstAt === undefined ? {} : { firstAt }),
    ...(lastAt === undefined ? {} : { lastAt }),
    ...(sidecars === undefined ? {} : { sidecars }),
    ...(verified === undefined ? {} : { verified }),
  };
}

async function verify(
  sample: number | null,
  shelves: readonly Shelf[],
  context: RestoreContext,
): Promise<InstallationReport[]> {
  const { world } = context;
  const all = shelves.flatMap(({ archives }) => archives);
  const drawn = new Set(sample === null ? all : drawSample(all, sample));
  const reports: InstallationReport[] = [];
  const note = noteIn(context);
  for (const { report, installation, archives, findings: ofCatalogs } of shelves) {
    if (!installation) {
      reports.push(report);
      continue;
    }
    try {
      const chosen = arrange(archives, { sessions: [], sinceMs: null, reason: null });
      const verdicts = await verifyArchives(
        chosen.filter((archive) => drawn.has(archive)),
        world.signal,
      );
      const bad = verdicts.filter(({ problem }) => problem).length;
      if (verdicts.length > 0) note("verified", { installation: installation.name, archives: verdicts.length, bad });
      const distrusted = verdicts.flatMap(({ archive, problem }) => (problem ? distrust(archive, problem) : []));
      const findings = [...ofCatalogs, ...distrusted];
      reports.push({
        ...report,
        ...buildReport({ installation, findings, plan: { jobs: [], spared: [] } }),
        archives: verdicts.map(({ archive, problem }) => tellArchive(archive, problem === undefined)),
      });
    } catch (error) {
      reports.push({ ...report, failure: describeFailure(error) });
    }
  }
  return reports;
}

/**
 * Lets `status` know when a crontab's run read archives back; one by hand only looks. Where nothing can be written, nothing is:
 * what was found is told all the same.
 */
function noteIn({ request, world, settings, runId, disk }: RestoreContext): (event: string, facts: object) => void {
  return (event, facts) => {
    if (request.dryRun || !request.cron) return;
    try {
      const directory = stateDirectoryOf(settings, world.surroundings);
      openJournal(disk ?? openDisk(), directory, runId).write(event, { ...facts });
    } catch {
      // told on the screen
    }
  };
}

function distrust({ path, record }: Archive, problem: string): Finding {
  const { archive, segment, bytes, sha256, gzipBytes, sessionId, sessionKey } = record;
  return {
    kind: "unverified-archive",
    severity: "error",
    path,
    sessionId,
    ...(sessionKey === undefined ? {} : { sessionKey }),
    evidence: { archive, segment, bytes, sha256, gzipBytes, problem },
  };
}

/**
 * Puts every archive to the installation that it was made of. `others`: those of installations that were not asked for, in a
 * folder that all share.
 */
async function fillShelves(
  prospects: readonly Prospect[],
  { request, settings, world }: RestoreContext,
): Promise<{ shelves: Shelf[]; others: Archive[] }> {
  const shelves: Shelf[] = [];
  const sharers = new Map<string, Shelf[]>();
  for (const prospect of prospects) {
    const shelf: Shelf = { report: blankReport(prospect), archives: [], findings: [] };
    shelves.push(shelf);
    if ("failure" in prospect) continue;
    try {
      const folders = foldersOf(prospect.installation, settings);
      shelf.installation = prospect.installation;
      for (const folder of folders) sharers.set(folder, [...(sharers.get(folder) ?? []), shelf]);
    } catch (error) {
      shelf.report = { ...shelf.report, failure: describeFailure(error) };
    }
  }
  const others: Archive[] = [];
  const isNarrowed = (request.flags.installation ?? []).length > 0 && settings.archive.directory !== null;
  const isAlone = keepsArchivesAlone(request, settings);
  for (const [folder, [first, ...more]] of sharers) {
    const rebuilt = await rebuildFor(folder, [first, ...more], isAlone, world.signal);
    for (const archive of readArchives(folder, rebuilt)) {
      const owner = [first, ...more].find((shelf) => shelf?.report.name === archive.record.installation);
      const shelf = owner ?? (isNarrowed ? undefined : first);
      (shelf?.archives ?? others).push(archive);
    }
  }
  return { shelves, others };
}

/** What a folder's catalog lacks, in memory only. An archive that two installations could have made is the first one's. */
async function rebuildFor(
  folder: string,
  sharers: readonly (Shelf | undefined)[],
  isAlone: boolean,
  signal: AbortSignal,
): Promise<CatalogRecord[]> {
  const records = new Map<string, CatalogRecord>();
  for (const shelf of sharers) {
    if (!shelf?.installation) continue;
    try {
      const rebuilt = await rebuildCatalog(folder, shelf.installation, isAlone, signal);
      if (!rebuilt) continue;
      const own = rebuilt.records.filter(({ archive }) => !records.has(archive));
      for (const record of own) records.set(record.archive, record);
      const told: Rebuilt = { ...rebuilt, records: own };
      shelf.findings.push(...catalogFindings(folder, told, false));
    } catch (error) {
      shelf.report = { ...shelf.report, failure: describeFailure(error) };
    }
  }
  return [...records.values()];
}
