import { constants } from "node:os";
import type { Settings } from "../config/settings.ts";
import type { Installation } from "../installation/installation.ts";
import { holdFile } from "../locks/file-lock.ts";
import { addRun, type Measured } from "../metrics/figures.ts";
import { type CatalogSums, measureArchives, measureTranscripts } from "../metrics/measure.ts";
import { metricsStatePathOf, readFigures, writeFigures, writeTextfile } from "../metrics/store.ts";
import { renderTextfile } from "../metrics/textfile.ts";
import type { ReportDocument } from "../report/document.ts";
import type { Ending } from "./announce.ts";
import { foldersOf, keepsArchivesAlone } from "./archive-folders.ts";
import { scopeOf } from "./prospects.ts";

/**
 * Adds this run to the figures and writes the file that a collector of metrics reads.
 *
 * @param undelivered how many alerts wait
 * @throws the system's error when one of the two files cannot be written
 */
export async function writeMetrics(
  path: string,
  report: ReportDocument,
  undelivered: number,
  ending: Ending,
): Promise<void> {
  const { disk, stateDirectory, request } = ending;
  const statePath = metricsStatePathOf(stateDirectory);
  const known = readFigures(statePath).catalogs;
  const measured = measure(known, ending);
  const isWhole = (request.flags.installation ?? []).length === 0 && !report.error;
  const all = isWhole ? report.installations.map(({ name }) => name) : undefined;
  const told = { ...report, exitCode: exitCodeOf(report, ending) };
  await holdFile(disk, stateDirectory, statePath, () => {
    const { figures: before, catalogs } = readFigures(statePath);
    // a look at files that a person named is no round of the command
    const isRound = request.files.length === 0;
    const figures = isRound ? addRun(before, told, measured, { nowMs: Date.now(), ...(all ? { all } : {}) }) : before;
    writeFigures(disk, statePath, { figures, catalogs: { ...catalogs, ...known } });
    writeTextfile(disk, path, renderTextfile({ figures, version: report.version, undelivered }));
  });
}

function measure(catalogs: CatalogSums, { request, settings, prospects }: Ending): Record<string, Measured> {
  const isAlone = keepsArchivesAlone(request, settings);
  const found = prospects.flatMap((prospect) => ("installation" in prospect ? prospect.installation : []));
  return Object.fromEntries(
    found.map((installation): [string, Measured] => {
      const hasLooked = scopeOf(request) === "transcripts";
      const transcripts = hasLooked ? measureTranscripts(installation) : undefined;
      const folders = foldersIfAny(installation, settings);
      const archives = folders && measureArchives(folders, isAlone ? undefined : installation.name, catalogs);
      return [installation.name, { ...(transcripts ? { transcripts } : {}), ...(archives ? { archives } : {}) }];
    }),
  );
}

/** A folder that must not hold archives is told of by the run itself. */
function foldersIfAny(installation: Installation, settings: Settings): string[] | undefined {
  try {
    return foldersOf(installation, settings);
  } catch {
    return undefined;
  }
}

/** The process of a run that somebody stopped ends with the number of the signal. */
function exitCodeOf({ exitCode }: ReportDocument, { signal }: Ending): number {
  const name = signal?.aborted
    ? /\bSIG[A-Z]+\b/.exec(String((signal.reason as Error | undefined)?.message))?.[0]
    : undefined;
  const number = name === undefined ? undefined : constants.signals[name as NodeJS.Signals];
  return number === undefined ? exitCode : 128 + number;
}
