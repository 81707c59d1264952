import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Settings } from "../config/settings.ts";
import { lookAt } from "../disk/fingerprint.ts";
import { cleanupPeriodOf } from "../installation/claude-settings.ts";
import type { Installation, Transcript } from "../installation/installation.ts";
import { unsafeBecause } from "../transcript/open.ts";
import { copyOf } from "./copied.ts";
import { type Finding, identify } from "./finding.ts";

/** A transcript that Claude Code's own sweep will delete before long, and of which there is no copy yet. */
export type SweepAhead = { transcript: Transcript; finding: Finding; unsafe?: string };

const DAY_MS = 86_400_000;
/** Older releases keep a subagent's rows beside the session; the sweep takes them as well. */
const AGENT_FILE = /^(agent-[0-9a-z-]+)\.jsonl$/i;

/**
 * Looks for transcripts that the sweep of Claude Code takes within `archive.beforeClaudeSweep`, whosever they are: it goes by
 * the time of change. A person who set the period on purpose has decided about them.
 */
export function findSweepAhead(
  installation: Installation,
  { settings, nowMs }: { settings: Settings; nowMs: number },
): SweepAhead[] {
  const { claude } = installation;
  if (!claude) return [];
  const { days, isSetOnPurpose } = cleanupPeriodOf(claude.home);
  if (isSetOnPurpose) return [];
  const before = nowMs - days * DAY_MS + settings.archive.beforeClaudeSweep;
  const own = installation.transcripts.filter(({ dialect }) => dialect === "claude-code");
  const due = [...own, ...agentFiles(claude.projects)].filter(
    ({ kind, fingerprint }) => kind === "file" && fingerprint.sizeBytes > 0 && fingerprint.mtimeMs < before,
  );
  return due.flatMap((transcript) => {
    if (copyOf(transcript, installation, settings)) return [];
    const { sizeBytes, mtimeMs } = transcript.fingerprint;
    const unsafe = unsafeBecause(transcript.path);
    const finding: Finding = {
      kind: "sweep-ahead",
      severity: "warning",
      ...identify(transcript),
      evidence: { bytes: sizeBytes, days, changedAt: timeOf(mtimeMs), sweptFrom: timeOf(mtimeMs + days * DAY_MS) },
    };
    return [{ transcript, finding, ...(unsafe ? { unsafe } : {}) }];
  });
}

function agentFiles(projects: string): Transcript[] {
  return namesIn(projects).flatMap((group) =>
    namesIn(join(projects, group)).flatMap((name) => {
      const sessionId = AGENT_FILE.exec(name)?.[1];
      const path = join(projects, group, name);
      const seen = sessionId === undefined ? undefined : lookAt(path);
      if (sessionId === undefined || !seen) return [];
      return [{ dialect: "claude-code", sessionId, group, path, entries: [], inWorkspace: false, ...seen }];
    }),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // discovery has told of it
  }
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
