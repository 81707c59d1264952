import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { cleanupPeriodOf } from "../installation/claude-settings.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { projectNamesOf, unmapPath } from "../installation/paths.ts";
import { findSidecars } from "../installation/sidecars.ts";
import { unsafeBecause } from "../transcript/open.ts";
import { isCopiedWhole, sidecarsCopiedAt } from "./copied.ts";
import { type Finding, identify } from "./finding.ts";

/** A transcript that Claude Code's own sweep will delete before long, or some of what belongs to it, without a copy yet. */
export type SweepAhead = { transcript: Transcript; finding: Finding; unsafe?: string };

const DAY_MS = 86_400_000;
/** The sweep takes all of these; an id of dots alone would lead out of the folder. */
const ROWS_FILE = /^(?!\.*\.jsonl$)(.+)\.jsonl$/;

type Context = { settings: Settings; nowMs: number };

/**
 * Looks for transcripts that the sweep of Claude Code takes within `archive.beforeClaudeSweep`, whosever they are: it goes by
 * the time of change. A person who set the period on purpose has decided about them; in the settings of one folder, about those of
 * that folder only.
 */
export function findSweepAhead(installation: Installation, { settings, nowMs }: Context): SweepAhead[] {
  const { claude } = installation;
  if (!claude) return [];
  const { days, isSetOnPurpose, by = [] } = cleanupPeriodOf(claude.home, installation.workspaces);
  if (isSetOnPurpose) return [];
  const { paths } = installation.settings;
  const decided = new Set(by.flatMap((folder) => [folder, unmapPath(folder, paths)]).flatMap(projectNamesOf));
  const before = nowMs - days * DAY_MS + settings.archive.beforeClaudeSweep;
  const own = installation.transcripts.filter(({ dialect }) => dialect === "claude-code");
  const all = [...own, ...otherFiles(claude.projects, own)].filter(
    ({ kind, fingerprint, group }) => kind === "file" && fingerprint.sizeBytes > 0 && !decided.has(group),
  );
  return all.flatMap((transcript) => {
    const isDue = transcript.fingerprint.mtimeMs < before;
    if (isDue && isCopiedWhole(transcript, installation, settings)) return [];
    const evidence = isDue
      ? ofTranscript(transcript, days)
      : ofResults(transcript, before, sidecarsCopiedAt(transcript, installation, settings));
    if (!evidence) return [];
    const unsafe = unsafeBecause(transcript.path) ?? (isDue ? undefined : refusalOf(transcript, installation));
    const finding: Finding = {
      kind: "sweep-ahead",
      severity: "warning",
      ...identify(transcript),
      evidence: { ...evidence, days },
    };
    return [{ transcript, finding, ...(unsafe ? { unsafe } : {}) }];
  });
}

function ofTranscript({ fingerprint: { sizeBytes, mtimeMs } }: Transcript, days: number): Finding["evidence"] {
  return { bytes: sizeBytes, changedAt: timeOf(mtimeMs), sweptFrom: timeOf(mtimeMs + days * DAY_MS) };
}

/** Large results lie beside a session, and of one that is still used the sweep takes those that are old themselves. */
function ofResults(
  { path, sessionId }: Transcript,
  beforeMs: number,
  copiedAtMs = Number.NEGATIVE_INFINITY,
): Finding["evidence"] | undefined {
  const folder = join(dirname(path), sessionId, "tool-results");
  const due = namesIn(folder)
    .flatMap((name) => lookAt(join(folder, name)) ?? [])
    .filter(({ kind, fingerprint }) => kind === "file" && fingerprint.sizeBytes > 0)
    .map(({ fingerprint }) => fingerprint)
    .filter(({ mtimeMs }) => mtimeMs < beforeMs && Math.floor(mtimeMs) > copiedAtMs);
  if (due.length === 0) return undefined;
  return { files: due.length, bytes: due.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) };
}

/** Of these nothing can be saved without the others: a copy of the transcript alone would be made by every run anew. */
function refusalOf(transcript: Transcript, installation: Installation): string | undefined {
  const sidecars = findSidecars(transcript, installation);
  return "refused" in sidecars ? sidecars.refused : undefined;
}

/** Rows that are no session of their own: those of a subagent, as older releases keep them, and whatever somebody put there. */
function otherFiles(projects: string, own: readonly Transcript[]): Transcript[] {
  const known = new Set(own.map(({ path }) => path));
  return namesIn(projects).flatMap((group) =>
    namesIn(join(projects, group)).flatMap((name) => {
      const sessionId = ROWS_FILE.exec(name)?.[1];
      const path = join(projects, group, name);
      const seen = sessionId === undefined || known.has(path) ? undefined : lookAt(path);
      if (sessionId === undefined || !seen) return [];
      return [{ dialect: "claude-code", sessionId, group, path, entries: [], inWorkspace: false, ...seen }];
    }),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // none, or discovery has told of it
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
