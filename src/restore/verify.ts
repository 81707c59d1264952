import { recordNamed } from "../archive/catalog.ts";
import { verifyGzip } from "../archive/gzip.ts";
import { sidecarArchivesOf } from "../archive/sidecar-archives.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { describeError } from "../errors.ts";
import { counted } from "../progress.ts";
import type { Archive } from "./archives.ts";
import { verifySidecars } from "./sidecars.ts";
import { openArchive } from "./unpack.ts";

/** What reading an archive back showed; without a problem it is what was written. */
export type Verdict = { archive: Archive; problem?: string };

/** Reads archives back, one after the other. @throws the signal's reason on abort */
export async function verifyArchives(archives: readonly Archive[], signal: AbortSignal): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const archive of counted("verify-archives", archives)) {
    const problem = await problemOf(archive, signal);
    if (problem === undefined) verdicts.push({ archive });
    else if (isStillKnown(archive)) verdicts.push({ archive, problem });
  }
  return verdicts;
}

/** So many of them by chance, in their order: what runs now and then has seen all of them after a while. */
export function drawSample(archives: readonly Archive[], count: number): Archive[] {
  const drawn = new Set(
    archives
      .map((archive) => ({ archive, order: Math.random() }))
      .toSorted((a, b) => a.order - b.order)
      .slice(0, count)
      .map(({ archive }) => archive),
  );
  return archives.filter((archive) => drawn.has(archive));
}

async function problemOf({ path, record, folder }: Archive, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  try {
    const file = await openArchive(path);
    try {
      await verifyGzip(file, record, { signal });
    } finally {
      await file.close();
    }
    for (const sidecars of sidecarArchivesOf(record, folder)) await verifySidecars(sidecars, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return describeError(error);
  }
}

/** A run may have let it go in the meantime, as it should. One that a damaged catalog has lost still lies there. */
function isStillKnown({ folder, record, path }: Archive): boolean {
  return recordNamed(folder, record.archive) !== undefined || lookAt(path) !== undefined;
}
