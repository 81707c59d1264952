import type { JobEnd } from "../apply/apply.ts";
import type { Disk } from "../disk/disk.ts";
import { rememberRun } from "../state/remember-run.ts";
import type { InstallationState } from "../state/state.ts";
import type { Duty, DutyContext, DutyReport } from "./duty.ts";

type Look = Awaited<ReturnType<Duty>>;

/** What the next run has to know: of this command, and that it ran. */
export function remember(
  look: Look,
  state: InstallationState,
  done: readonly JobEnd[],
  report: DutyReport,
  { request: { command }, runId }: DutyContext,
): InstallationState {
  const { wallMs } = look.clocks;
  const next = rememberRun(look.remember(state, done, report), { command, runId, atMs: wallMs }, report);
  return isSampled(look) ? { ...next, sampledAt: wallMs } : next;
}

/** How large the sessions are, for the history, as something to be written with the state; undefined when none is due. */
export async function sampleOf(look: Look): Promise<((disk: Disk, statePath: string) => void) | undefined> {
  if (!isSampled(look)) return undefined;
  const { addSample, historyPathOf } = await import("../state/history.ts");
  const sessions = look.installation.transcripts.map(({ sessionId, fingerprint, entries }) => {
    const tokens = entries[0]?.entry.totalTokens;
    return { sessionId, bytes: fingerprint.sizeBytes, ...(tokens === undefined ? {} : { tokens }) };
  });
  return (disk, statePath) => {
    try {
      addSample(disk, historyPathOf(statePath), sessions, look.clocks.wallMs);
    } catch {
      // a gap in a chart is no reason for a run to fail
    }
  };
}

const SAMPLE_EVERY_MS = 3_600_000;

/** Sizes are sampled now and then, by commands that look at sessions. */
function isSampled({ installation, state, clocks }: Look): boolean {
  if (installation.transcripts.length === 0 || installation.folders.length > 0) return false;
  const ageMs = clocks.wallMs - (state.sampledAt ?? Number.NEGATIVE_INFINITY);
  return ageMs >= SAMPLE_EVERY_MS || ageMs < 0;
}
