import type { Settings } from "../config/settings.ts";
import { readClocks } from "../host/host.ts";
import type { Finding } from "../inspect/finding.ts";
import { useProbe } from "../inspect/in-use.ts";
import { areForeign } from "../inspect/surroundings.ts";
import { discover, homesOf } from "../installation/discover.ts";
import { findGateway } from "../installation/gateway.ts";
import type { Installation } from "../installation/installation.ts";
import { buildReport } from "../report/build.ts";
import type { ReportedFailure, ReportedFinding } from "../report/document.ts";
import { brakeReason } from "../state/brake.ts";
import { historyPathOf, readHistory } from "../state/history.ts";
import { readJournal } from "../state/journal.ts";
import { seenSince } from "../state/remember-run.ts";
import { readState, statePathOf } from "../state/state.ts";
import { lookAtArchives } from "../status/archives.ts";
import { lookAtLog } from "../status/log.ts";
import { lookAtSessions } from "../status/sessions.ts";
import type { InstallationStatus } from "../status/status.ts";
import { foldersOf } from "./archive-folders.ts";
import type { Duty, DutyContext, DutyReport } from "./duty.ts";
import { lookForCorruption } from "./look-for-corruption.ts";
import { lookForLocks } from "./look-for-locks.ts";
import { lookToArchive } from "./look-to-archive.ts";
import { lookToRotate } from "./look-to-rotate.ts";
import { lookToValidate } from "./look-to-validate.ts";
import { describeFailure } from "./prospects.ts";
import { stateDirectoryOf } from "./state-directory.ts";

/**
 * The commands that crontabs use, and how each looks. Of what two of them find, the first one's word counts; but of what is too
 * large, `rotate` has the last one.
 */
const LOOKS: readonly [command: string, look: Duty][] = [
  ["detect-corruption", lookForCorruption],
  ["archive", lookToArchive],
  ["rotate", lookToRotate],
  ["validate-registry", lookToValidate],
  ["clean-locks", lookForLocks],
];

/** Looks at one installation as every command would, and at what else a person wants to know at a glance. Changes nothing. */
export async function lookAtStatus(
  installation: Installation,
  context: DutyContext,
): Promise<DutyReport & { status: InstallationStatus }> {
  const { settings, world } = context;
  const stateDirectory = stateDirectoryOf(settings, world.surroundings);
  const statePath = statePathOf(stateDirectory, homesOf(installation));
  const { state } = readState(statePath);
  const withLocks = await lookUpLocks(installation, context);
  const seen = await lookAsAll(installation, withLocks, statePath, context);
  const report = buildReport({ installation, findings: seen.findings, plan: { jobs: [], spared: [] } });
  for (const finding of report.findings) {
    const since = seenSince(state, finding);
    if (since !== undefined) finding.since = new Date(since).toISOString();
  }
  const clocks = readClocks();
  const nowMs = clocks.wallMs;
  const brake = brakeReason(state.clocks, clocks);
  const foreignPids = areForeign(installation);
  const { openclaw } = installation;
  const gateway = openclaw ? await findGateway(openclaw, foreignPids) : null;
  const status: InstallationStatus = {
    ...(gateway ? { gateway } : {}),
    ...(openclaw?.era.version === undefined ? {} : { version: openclaw.era.version }),
    sessions: await lookAtSessions(installation, {
      settings,
      nowMs,
      history: readHistory(historyPathOf(statePath)),
      inUse: (transcripts) => useProbe(installation, gateway, foreignPids, { settings, nowMs, brake }, transcripts),
      signal: world.signal,
    }),
    locks: countLocks(report.findings),
    registries: installation.registries.map(({ agent, path, sessions, registry }) => ({
      agent,
      path,
      entries: registry.entries.length,
      transcripts: installation.transcripts.filter(
        (one) => one.dialect === "openclaw" && one.path.startsWith(`${sessions}/`),
      ).length,
      unregistered: report.findings.filter((one) => one.kind === "unregistered-transcript" && one.agent === agent)
        .length,
    })),
    archives: lookAtArchives(archiveFolders(installation, settings), installation.name, readJournal(stateDirectory)),
    log: await lookAtLog(installation, { settings, nowMs, env: world.surroundings.env, signal: world.signal }),
    runs: Object.fromEntries(LOOKS.map(([command]) => [command, state.runs[command] ?? null])),
  };
  return { ...report, status, ...(seen.failure ? { failure: seen.failure } : {}) };
}

/** A command that cannot look does not keep the others from it; the first failure is told. */
async function lookAsAll(
  installation: Installation,
  withLocks: Installation,
  statePath: string,
  context: DutyContext,
): Promise<{ findings: Finding[]; failure?: ReportedFailure }> {
  const findings = new Map<string, Finding>();
  let failure: ReportedFailure | undefined;
  for (const [command, look] of LOOKS) {
    const request = { ...context.request, command, dryRun: true, cron: false };
    try {
      const of = command === "clean-locks" ? withLocks : installation;
      for (const finding of (await look(of, statePath, { ...context, request })).findings) {
        const name = JSON.stringify([
          finding.kind,
          finding.path,
          finding.line,
          finding.sessionKey,
          finding.evidence.ids,
        ]);
        const known = findings.get(name);
        if (!known) findings.set(name, finding);
        else if (finding.kind === "oversized" && command === "rotate")
          findings.set(name, { ...finding, evidence: { ...known.evidence, ...finding.evidence } });
      }
    } catch (error) {
      context.world.signal.throwIfAborted();
      failure ??= describeFailure(error);
    }
  }
  return { findings: [...findings.values()], ...(failure ? { failure } : {}) };
}

async function lookUpLocks(installation: Installation, { world }: DutyContext): Promise<Installation> {
  const found = await discover(installation.settings, world.surroundings, "locks", installation);
  const claimed = new Set(installation.claimedElsewhere);
  return { ...installation, locks: found.locks.filter(({ path }) => !claimed.has(path)) };
}

/** A folder that may not hold archives is what the look of `archive` fails with. */
function archiveFolders(installation: Installation, settings: Settings): string[] {
  try {
    return foldersOf(installation, settings);
  } catch {
    return [];
  }
}

function countLocks(findings: readonly ReportedFinding[]): InstallationStatus["locks"] {
  const count = (kind: ReportedFinding["kind"]) => findings.filter((finding) => finding.kind === kind).length;
  return {
    held: count("held-lock"),
    stale: count("stale-lock") + count("lock-directory"),
    undecidable: count("undecidable-lock"),
  };
}
