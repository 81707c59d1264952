import { dirname, join } from "node:path";
import { appendToCatalog, type CatalogRecord, readCatalog, type SidecarArchive } from "../archive/catalog.ts";
import { archiveFolderOf } from "../archive/folder.ts";
import { sidecarsName } from "../archive/names.ts";
import { isStored } from "../archive/read-tar.ts";
import { packTar, type TarSummary } from "../archive/tar.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { errnoOf } from "../errors.ts";
import { findSidecars, type Sidecars } from "../installation/sidecars.ts";
import type { Step } from "../plan/plan.ts";
import { partialName } from "./abandoned.ts";
import { archiveTranscript } from "./archive-transcript.ts";
import { isFinished, type Outcome } from "./outcome.ts";
import type { Archived, Progress, Tools } from "./tools.ts";

type ArchiveStep = Extract<Step, { kind: "archive-transcript" }>;

/**
 * Archives a transcript, and if the step says so what belongs to it, in an archive of its own beside: published in the same
 * way, and noted in the record of the transcript's archive. Sidecars that cannot be taken along keep the transcript, too; only a
 * mere copy is made without them.
 */
export async function archiveWithSidecars(step: ArchiveStep, progress: Progress, tools: Tools): Promise<Outcome> {
  if (!step.withSidecars) return await archiveTranscript(step, progress, tools);
  const sidecars = findSidecars(step.transcript, tools.installation, step.movingWith);
  if ("refused" in sidecars) {
    if (step.purpose !== "copy") return { step, result: "changed-since-plan", because: sidecars.refused, detail: {} };
    const copied = await archiveTranscript(step, progress, tools); // better its lines than nothing
    return { ...copied, because: copied.because ?? `without what belongs to it: ${sidecars.refused}` };
  }
  const outcome = await archiveTranscript(step, progress, tools);
  const { archived } = progress;
  if (!archived || !isFinished(outcome) || sidecars.files.length + sidecars.folders.length === 0) return outcome;
  const folder = archiveFolderOf(tools.settings, tools.installation, step.transcript);
  const before = archived.record.sidecars;
  const record = await archiveSidecars(sidecars, archived, folder, tools);
  const path = join(folder, record.archive);
  archived.sidecars = { ...sidecars, path, record };
  const { sha256, files, bytes } = record;
  const detail = { ...outcome.detail, sidecars: { archive: path, sha256, files, bytes } };
  if (record === before || outcome.result === "done") return { ...outcome, detail };
  const because = "its lines are in the archive already; what belongs to it is now, too";
  return { step, result: "done", because, detail };
}

/**
 * Packs sidecars beside the archive of their transcript. The same files make the same bytes: if the catalog knows an archive
 * of these already, that one stays.
 */
async function archiveSidecars(
  { base, files, folders }: Sidecars,
  archived: Archived,
  folder: string,
  tools: Tools,
): Promise<SidecarArchive> {
  const { disk, signal } = tools;
  const { record } = archived;
  const partial = join(folder, partialName(sidecarsName(record.archive, 1)));
  if (lookAt(partial)) disk.remove(partial); // of a killed run that had this number before
  const target = await disk.create(partial);
  let archive: string;
  let summary: TarSummary;
  try {
    summary = await packTar(target, base, [...folders, ...files], signal);
    await target.close();
    const known = record.sidecars;
    if (known?.sha256 === summary.sha256 && (await isStored(join(folder, known.archive), known, signal))) {
      disk.remove(partial);
      return known;
    }
    archive = await publish(partial, record, folder, summary, tools);
  } catch (error) {
    await target.close().catch(() => undefined);
    disk.remove(partial);
    throw error;
  }
  try {
    disk.remove(partial);
    disk.syncFolder(dirname(partial));
    const sidecars = { archive, ...summary, ...earlierOf(record, archive) };
    archived.record = { ...record, sidecars };
    appendToCatalog(disk, folder, archived.record);
    return sidecars;
  } catch (error) {
    // what no catalog knows is never let go
    if (!readCatalog(folder).some(({ sidecars }) => sidecars?.archive === archive)) disk.remove(join(folder, archive));
    throw error;
  }
}

/** Gives it its name without replacing anything. What a killed run left under that name is taken over, if it is the same. */
async function publish(
  partial: string,
  record: CatalogRecord,
  folder: string,
  summary: TarSummary,
  { disk, signal }: Tools,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const archive = sidecarsName(record.archive, attempt);
    try {
      disk.link(partial, join(folder, archive));
      return archive;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error;
      if (await isStored(join(folder, archive), summary, signal)) return archive;
    }
  }
}

/** An archive of other files stays until that of the transcript goes: an undo may need it. */
function earlierOf({ sidecars }: CatalogRecord, archive: string): Pick<SidecarArchive, "earlier"> {
  if (!sidecars) return {};
  const { earlier = [], ...last } = sidecars;
  const all = [...earlier, last].filter((one) => one.archive !== archive);
  return all.length > 0 ? { earlier: all } : {};
}
