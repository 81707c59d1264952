import type { FileHandle } from "node:fs/promises";
import type { Settings } from "../config/settings.ts";
import { dialects } from "../dialects/index.ts";
import { checksum } from "../disk/checksum.ts";
import { sessionsNamedIn } from "../gateway-log/line.ts";
import { classify, customSignature } from "../gateway-log/signatures.ts";
import { holdersOf } from "../host/processes.ts";
import type { Transcript } from "../installation/installation.ts";
import type { Cursor, ErrorReport } from "../state/cursors.ts";
import { isHarmless } from "../structure/damage.ts";
import { effectsOf, repairOf } from "../structure/effects.ts";
import { readWholeRows } from "../structure/read-rows.ts";
import { readerFor } from "../structure/reader-for.ts";
import { planRewind } from "../structure/rewind.ts";
import { scanTranscript } from "../structure/scan.ts";
import { hasReplySince, parseRow } from "../transcript/contents.ts";
import { readRange } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import { type Finding, identify } from "./finding.ts";

const PROBE_BYTES = 4096;
/** A row is written in one go: what stands still for this long will not be finished any more. */
const WRITE_IN_PROGRESS_MS = 2000;

/**
 * Looks at a transcript's structure, from where the earlier look left off if the file only grew since.
 *
 * @throws KeeperError when the path is not the file any more that was found
 */
export async function lookAtStructure(
  transcript: Transcript,
  known: Cursor | undefined,
  { settings, signal }: { settings: Settings; signal?: AbortSignal },
): Promise<Cursor> {
  const { fingerprint } = transcript;
  const { inode, sizeBytes, mtimeMs } = fingerprint;
  const dialect = dialects[transcript.dialect];
  const file = await openTranscript(transcript.path, fingerprint);
  try {
    const head = await probe(file, 0, Math.min(PROBE_BYTES, known?.sizeBytes ?? PROBE_BYTES, sizeBytes));
    const hasGrown =
      known !== undefined && known.inode === inode && known.sizeBytes <= sizeBytes && known.head === head;
    const goesOn = hasGrown && known.resume && (await tailOf(file, known.sizeBytes)) === known.tail;
    const scan = await scanTranscript(file, sizeBytes, dialect, {
      read: await readerFor(sizeBytes - (goesOn ? (known.resume?.at ?? 0) : 0)),
      isBeingWritten: () =>
        Date.now() - mtimeMs < WRITE_IN_PROGRESS_MS || holdersOf(fingerprint).some(({ writes }) => writes),
      ...(goesOn && known.resume ? { from: known.resume } : {}),
      ...(signal ? { signal } : {}),
    });
    const signatures = settings.corruption.signatures.map(customSignature);
    const reports: ErrorReport[] = [];
    for (const where of scan.errorReports) {
      const row = parseRow(await readRange(file, where.at, where.at + where.bytes));
      const text = (row && dialect.errorTextOf(row)) ?? "";
      const found = classify(text, signatures);
      if (found?.kind !== "rejection-logged") continue;
      const at = row && dialect.writtenAt(row);
      const ids = sessionsNamedIn(text).toolIds;
      reports.push({ line: where.line, signature: found.signature, ids, ...(at === undefined ? {} : { at }) });
    }
    return {
      inode,
      sizeBytes,
      mtimeMs,
      head: await probe(file, 0, Math.min(PROBE_BYTES, sizeBytes)),
      tail: await tailOf(file, sizeBytes),
      damages: scan.damages,
      reports,
      ...(scan.resume ? { resume: scan.resume } : {}),
      ...(scan.isUnsettled ? { isUnsettled: true } : {}),
    };
  } finally {
    await file.close();
  }
}

/**
 * True when a conversation can be taken back to a state that the API accepted.
 *
 * @param rewoundAtMs when that was done before (epoch ms): in vain, unless a reply has come since
 */
export async function lookForRewind(
  { path, fingerprint, dialect }: Transcript,
  rewoundAtMs: number | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const { sizeBytes } = fingerprint;
  const file = await openTranscript(path, fingerprint);
  try {
    if (rewoundAtMs !== undefined && !(await hasReplySince(file, sizeBytes, dialects[dialect], rewoundAtMs)))
      return false;
    const read = readWholeRows; // who a reply was from matters here
    const scan = await scanTranscript(file, sizeBytes, dialects[dialect], {
      read,
      isBeingWritten: () => false,
      signal,
    });
    return planRewind(scan) !== undefined;
  } finally {
    await file.close();
  }
}

/** What is wrong with a transcript, as findings. Damage that is not in what is sent is worth a word, and no more. */
export function structureFindings(transcript: Transcript, { damages, reports }: Cursor): Finding[] {
  return [
    ...damages.map((damage): Finding => {
      const { kind, reason, place, line, ids } = damage;
      const effects = effectsOf(damage, transcript.dialect);
      const evidence = { ids, place, ...(reason ? { reason } : {}), effects, repair: repairOf(damage) };
      return { kind, severity: isHarmless(damage) ? "info" : "error", ...identify(transcript), line, evidence };
    }),
    ...reports.map(({ line, signature, ids, at }): Finding => {
      const when = at === undefined ? {} : { at: new Date(at).toISOString() };
      const evidence = { ids, signature, witness: "transcript", condemns: false, ...when };
      return { kind: "rejection-logged", severity: "error", ...identify(transcript), line, evidence };
    }),
  ];
}

async function tailOf(file: FileHandle, sizeBytes: number): Promise<number> {
  return probe(file, Math.max(0, sizeBytes - PROBE_BYTES), sizeBytes);
}

async function probe(file: FileHandle, from: number, to: number): Promise<number> {
  return checksum(await readRange(file, from, to));
}
