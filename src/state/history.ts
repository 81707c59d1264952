import { readFileSync } from "node:fs";
import type { Disk } from "../disk/disk.ts";

/** How large a session was at one time. `at`: epoch ms. `tokens`: in its context, where its registry entry tells. */
export type Point = { at: number; bytes: number; tokens?: number };

/** The sizes of sessions over time, oldest first, by session id. */
export type History = Map<string, Point[]>;

/** A line of the file: the sessions that have another size than in the sample before. */
type Sample = { at: number; sessions: Record<string, [bytes: number, tokens?: number]> };

export type Sized = { sessionId: string; bytes: number; tokens?: number };

const DAY_MS = 86_400_000;
/** Above this the file is thinned: each hour of the last days, one sample a day before. */
const LARGEST_BYTES = 1_000_000;
const HOURLY_FOR_MS = 3 * DAY_MS;
const KEPT_FOR_MS = 90 * DAY_MS;
/** The largest sessions are the ones that somebody will ask about. */
const SESSIONS_SAMPLED = 100;
const SMALLEST_BYTES = 20_000;

/** Where it is kept: beside what the runs on the same homes remember. */
export function historyPathOf(statePath: string): string {
  return statePath.replace(/\.json$/, ".history.jsonl");
}

/** Adds how large the sessions are now. Never synced: a lost sample is a gap in a chart. */
export function addSample(disk: Disk, path: string, sessions: readonly Sized[], nowMs: number): void {
  const { samples, bytes } = readSamples(path);
  const known = historyOf(samples);
  const changed = sessions
    .filter(({ bytes: size }) => size >= SMALLEST_BYTES)
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, SESSIONS_SAMPLED)
    .filter(({ sessionId, bytes: size, tokens }) => {
      const last = known.get(sessionId)?.at(-1);
      return last?.bytes !== size || last.tokens !== tokens;
    });
  if (changed.length === 0) return;
  const sample: Sample = {
    at: nowMs,
    sessions: Object.fromEntries(
      changed.map(({ sessionId, bytes: size, tokens }) => [sessionId, tokens === undefined ? [size] : [size, tokens]]),
    ),
  };
  if (bytes < LARGEST_BYTES) disk.append(path, `${JSON.stringify(sample)}\n`, { sync: false });
  else
    disk.replace(path, [...thin(samples, nowMs), sample].map((one) => `${JSON.stringify(one)}\n`).join(""), {
      sync: false,
    });
}

/** The history as far as it can be read; none is an empty one. */
export function readHistory(path: string): History {
  return historyOf(readSamples(path).samples);
}

function readSamples(path: string): { samples: Sample[]; bytes: number } {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { samples: [], bytes: 0 };
  }
  return { samples: text.split("\n").flatMap(parseSample), bytes: text.length };
}

function parseSample(line: string): Sample[] {
  if (line === "") return [];
  try {
    const sample = JSON.parse(line) as Sample;
    return typeof sample.at === "number" && Object.values(sample.sessions).every(Array.isArray) ? [sample] : [];
  } catch {
    return []; // torn by a power cut
  }
}

function historyOf(samples: readonly Sample[]): History {
  const history: History = new Map();
  for (const { at, sessions } of samples) {
    for (const [sessionId, [bytes, tokens]] of Object.entries(sessions)) {
      const points = history.get(sessionId) ?? [];
      points.push({ at, bytes, ...(tokens === undefined ? {} : { tokens }) });
      history.set(sessionId, points);
    }
  }
  return history;
}

/** One sample a day of the older ones: the last, with every session that had another size since the one before. */
function thin(samples: readonly Sample[], nowMs: number): Sample[] {
  const days = new Map<number, Sample>();
  const lately: Sample[] = [];
  for (const sample of samples) {
    if (nowMs - sample.at > KEPT_FOR_MS) continue;
    if (nowMs - sample.at <= HOURLY_FOR_MS) {
      lately.push(sample);
      continue;
    }
    const day = Math.floor(sample.at / DAY_MS);
    days.set(day, { at: sample.at, sessions: { ...days.get(day)?.sessions, ...sample.sessions } });
  }
  return [...days.values(), ...lately];
}
