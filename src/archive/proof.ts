import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { describeError } from "../errors.ts";
import type { CatalogRecord } from "./catalog.ts";
import { verifyGzip } from "./gzip.ts";
import { isStored } from "./read-tar.ts";
import { sidecarArchivesOf } from "./sidecar-archives.ts";

/** An archive that is not what its catalog says; `problem`: in words. */
export type Distrusted = { record: CatalogRecord; problem: string };

/**
 * Gives a function that reads archives back, and tells of the first that is not what the catalog says, with what lies beside
 * it. Each is read once, however often it is asked for. @throws the signal's reason on abort
 */
export function createProver(
  folder: string,
  signal: AbortSignal,
): (records: readonly CatalogRecord[]) => Promise<Distrusted | undefined> {
  const known = new Map<string, string | undefined>();
  const problemOf = async (record: CatalogRecord) => {
    const { archive } = record;
    if (!known.has(archive))
      known.set(archive, (await problemOfArchive(record, folder, signal)) ?? (await beside(record, folder, signal)));
    return known.get(archive);
  };
  return async (records) => {
    for (const record of records) {
      const problem = await problemOf(record);
      if (problem !== undefined) return { record, problem };
    }
    return undefined;
  };
}

/** In words: why an archive is not what the catalog says it is. What lies beside it is not looked at. */
export async function problemOfArchive(
  record: CatalogRecord,
  folder: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const file = await open(join(folder, record.archive), constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      await verifyGzip(file, record, { signal });
      return undefined;
    } finally {
      await file.close();
    }
  } catch (error) {
    signal.throwIfAborted();
    return describeError(error);
  }
}

async function beside(record: CatalogRecord, folder: string, signal: AbortSignal): Promise<string | undefined> {
  const [newest] = sidecarArchivesOf(record, folder);
  if (!newest || (await isStored(newest.archive, newest, signal))) return undefined;
  return `${newest.archive}, which holds what belongs to the session, is gone or not what was stored`;
}
