import type { CatalogRecord, SidecarArchive } from "../archive/catalog.ts";
import type { Settings } from "../config/settings.ts";
import type { Disk } from "../disk/disk.ts";
import type { Fingerprint } from "../disk/fingerprint.ts";
import type { Probes } from "../disk/probes.ts";
import type { Installation } from "../installation/installation.ts";
import type { Sidecars } from "../installation/sidecars.ts";
import type { Job } from "../plan/plan.ts";
import type { Journal } from "../state/journal.ts";
import type { Cut } from "../structure/cut.ts";

/** What executors work with. Whoever holds this can write. */
export type Tools = {
  disk: Disk;
  journal: Journal;
  /** the copies that runs have laid beside a registry, as the journal tells, oldest first */
  backupsOf: (registryPath: string) => string[];
  settings: Settings;
  installation: Installation;
  runId: string;
  command: string;
  foreignPids: boolean;
  /** in words, why ages can't be trusted in this run */
  brake?: string | undefined;
  signal: AbortSignal;
  env: NodeJS.ProcessEnv;
};

/** A verified archive of a transcript, made or found in this run, that allows its bytes to go. */
export type Archived = {
  record: CatalogRecord;
  /** the archive's absolute path */
  path: string;
  /** the transcript as it was when it was archived */
  source: Fingerprint;
  /** the first so many bytes of it are in the archive */
  bytes: number;
  /** what shows that these are still what was archived: programs take rows back in place, and write others there */
  probes: Probes;
  /** files that the session changed */
  files: string[];
  /** how to cut it; the probes go up to where its lines were whole when that was found out */
  cut?: { plan: Cut; probes: Probes };
  /** what belongs to it, as it was when it was packed */
  sidecars?: ArchivedSidecars;
};

/** `path`: the absolute path of the verified archive that holds them. */
export type ArchivedSidecars = Sidecars & { path: string; record: SidecarArchive };

/** Copies of a session's files in another agent's folder. `folders`: those that were made for them, the deepest first. */
export type Placed = { files: PlacedFile[]; folders: string[] };
export type PlacedFile = { path: string; bytes: number; sha256: string };

/** What the steps of a job hand on to one another. */
export type Progress = { job: Job; archived?: Archived };
