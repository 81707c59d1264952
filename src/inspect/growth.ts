import type { Settings } from "../config/settings.ts";
import { dialects } from "../dialects/index.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { parseRow } from "../transcript/contents.ts";
import { createLineSplitter, readRange } from "../transcript/lines.ts";
import { openTranscript } from "../transcript/open.ts";
import { type Finding, identify } from "./finding.ts";
import { cutFor, oversizedFinding } from "./shortening.ts";
import { whoseIs } from "./whose.ts";

type Context = { settings: Settings; nowMs: number; signal: AbortSignal };

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** So much of the end of a file shows how fast it grows now. */
const LATELY_BYTES = 1024 * 1024;
/** Below this span a burst would pass for a habit. */
const SHORTEST_SPAN_MS = 6 * HOUR_MS;
/** Sooner than this it is worth a word. */
const SOON_MS = 3 * DAY_MS;

/**
 * Looks for active transcripts that are too large, or will be before long, and tells how soon they reach the next limit at
 * their present growth. `isIdle`: leaves those out that are dealt with anyway.
 */
export async function findGrowing(
  installation: Installation,
  isIdle: (transcript: Transcript) => boolean,
  context: Context,
): Promise<Finding[]> {
  const { settings, nowMs, signal } = context;
  const { transcripts, openclaw } = installation;
  const { maxSize, hardLimit } = settings.rotate;
  const findings: Finding[] = [];
  for (const transcript of transcripts) {
    signal.throwIfAborted();
    const { kind, fingerprint, dialect } = transcript;
    const { sizeBytes } = fingerprint;
    if (kind !== "file" || sizeBytes < maxSize / 2 || isIdle(transcript)) continue;
    if (dialect === "openclaw" && openclaw?.era.era === "S") continue;
    const isOversized = sizeBytes > maxSize;
    const [ownership, bytesPerDay] = await lookInto(transcript);
    const limit = isOversized ? hardLimit : maxSize;
    const reachesInMs = bytesPerDay && limit > sizeBytes ? ((limit - sizeBytes) / bytesPerDay) * DAY_MS : undefined;
    if (!isOversized && !(reachesInMs !== undefined && reachesInMs < SOON_MS)) continue;
    const growth = {
      ...(bytesPerDay ? { bytesPerDay: Math.round(bytesPerDay) } : {}),
      ...(reachesInMs === undefined ? {} : { reaches: limit, reachesAt: new Date(nowMs + reachesInMs).toISOString() }),
    };
    if (isOversized) {
      const of = { ownership, isOversized, isNamed: false };
      const cut =
        ownership === "bot" ? await cutFor(transcript, installation, of, context).catch(() => undefined) : undefined;
      findings.push(oversizedFinding(transcript, ownership, cut, { installation, settings }, growth));
      continue;
    }
    findings.push({
      kind: "growing",
      severity: "info",
      ...identify(transcript),
      evidence: { bytes: sizeBytes, limitBytes: maxSize, hardLimitBytes: hardLimit, ...growth },
    });
  }
  return findings;
}

async function lookInto(transcript: Transcript): Promise<["bot" | "personal", number | undefined]> {
  try {
    const ownership = (await whoseIs(transcript)) === "bot" ? "bot" : "personal";
    return [ownership, await growthOf(transcript)];
  } catch {
    return [transcript.entries.length > 0 ? "bot" : "personal", undefined];
  }
}

/** Bytes a day: of the last part of the file if that spans some hours, else of the whole; undefined when nothing tells. */
export async function growthOf({ path, dialect, fingerprint }: Transcript): Promise<number | undefined> {
  const { sizeBytes } = fingerprint;
  const { writtenAt } = dialects[dialect];
  const file = await openTranscript(path, fingerprint);
  try {
    const from = Math.max(0, sizeBytes - LATELY_BYTES);
    const [head, tail] = [
      await readRange(file, 0, Math.min(64 * 1024, sizeBytes)),
      await readRange(file, from, sizeBytes),
    ];
    const times = (bytes: Buffer) => timesIn(bytes, (line) => parseRow(line) ?? {}, writtenAt);
    const [first, lately] = [times(head)[0], times(tail)];
    const [start, end] = [lately[0], lately.at(-1)];
    if (start === undefined || end === undefined) return undefined;
    if (end - start >= SHORTEST_SPAN_MS) return ((sizeBytes - from) / (end - start)) * DAY_MS;
    return first !== undefined && end - first >= HOUR_MS ? (sizeBytes / (end - first)) * DAY_MS : undefined;
  } finally {
    await file.close();
  }
}

function timesIn<Row>(
  bytes: Buffer,
  parse: (line: Buffer) => Row,
  writtenAt: (row: Row) => number | undefined,
): number[] {
  const times: number[] = [];
  const splitter = createLineSplitter((line) => {
    const time = writtenAt(parse(line));
    if (time !== undefined) times.push(time);
  });
  splitter.push(bytes);
  splitter.end();
  return times;
}
