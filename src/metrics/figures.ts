import type { ReportDocument } from "../report/document.ts";

/** Of transcripts or archives. Bytes of archives: as they lie on the disk. */
export type Amount = { count: number; bytes: number };

/** What was measured of one installation; what is absent was not looked at. By dialect. */
export type Measured = {
  transcripts?: Record<string, Amount & { largest: number }>;
  archives?: Record<string, Amount>;
};

/** The last run of a command. Times are epoch seconds. */
type CommandFigures = {
  lastRun: number;
  lastSuccess?: number;
  durationSeconds: number;
  exitCode: number;
  /** by installation; `findings`: how many are left, by `KIND SEVERITY` */
  installations: Record<string, { isFailed: boolean; findings: Record<string, number> }>;
};

/** What runs did since the figures were begun. `actions`: by `KIND RESULT`; `resolved`: findings that were dealt with, by kind. */
type Totals = {
  restarts: number;
  archivedBytes: number;
  actions: Record<string, number>;
  resolved: Record<string, number>;
};

/** Everything that the metrics file tells, kept from run to run: each command's last figures stay until it runs again. */
export type Figures = {
  commands: Record<string, CommandFigures>;
  installations: Record<string, Measured & { staleLocks?: number }>;
  totals: Record<string, Totals>;
};

export const NO_FIGURES: Figures = { commands: {}, installations: {}, totals: {} };

/**
 * Adds a run that ended at `nowMs` (epoch ms). `all`: the names of all installations there are; absent: only some were asked
 * for, so that others are not known to be gone. Pure.
 */
export function addRun(
  before: Figures,
  report: Pick<ReportDocument, "command" | "durationMs" | "exitCode" | "installations">,
  measured: Readonly<Record<string, Measured>>,
  { nowMs, all }: { nowMs: number; all?: readonly string[] },
): Figures {
  const { command, exitCode } = report;
  const known = before.commands[command];
  const isSuccess = exitCode === 0 || exitCode === 1;
  const lastSuccess = isSuccess ? nowMs / 1000 : known?.lastSuccess;
  const figures: Figures = {
    commands: {
      ...before.commands,
      [command]: {
        lastRun: nowMs / 1000,
        ...(lastSuccess === undefined ? {} : { lastSuccess }),
        durationSeconds: report.durationMs / 1000,
        exitCode,
        installations: { ...known?.installations },
      },
    },
    installations: { ...before.installations },
    totals: { ...before.totals },
  };
  for (const one of report.installations) addInstallation(figures, command, one, measured[one.name] ?? {});
  return all === undefined ? figures : keepOnly(figures, new Set(all));
}

type Installation = ReportDocument["installations"][number];

/** Of one that could not be looked after, what the run before found still holds. */
function addInstallation(figures: Figures, command: string, report: Installation, measured: Measured): void {
  const { name, findings, actions, failure } = report;
  const isLocked = failure?.code === "locked";
  const of = figures.commands[command]?.installations ?? {};
  const left = findings.filter(({ resolved }) => !resolved).map(({ kind, severity }) => `${kind} ${severity}`);
  if (!isLocked)
    of[name] = {
      isFailed: failure !== undefined,
      findings: failure && findings.length === 0 ? (of[name]?.findings ?? {}) : countsOf(left),
    };
  const stale = findings.filter(({ kind, resolved }) => STALE.has(kind) && !resolved).length;
  const isJudged = command === "clean-locks" && !failure;
  figures.installations[name] = {
    ...figures.installations[name],
    ...measured,
    ...(isJudged ? { staleLocks: stale } : {}),
  };
  const before = figures.totals[name] ?? { restarts: 0, archivedBytes: 0, actions: {}, resolved: {} };
  const done = actions.filter(({ result }) => result === "done");
  const archived = done.filter(({ kind }) => kind === "archive-transcript");
  figures.totals[name] = {
    restarts: before.restarts + done.filter(({ kind }) => kind === "restart-gateway").length,
    archivedBytes: archived.reduce((sum, { detail }) => sum + Number(detail?.bytes ?? 0), before.archivedBytes),
    actions: countsOf(
      actions.map(({ kind, result }) => `${kind} ${result}`),
      before.actions,
    ),
    resolved: countsOf(
      findings.filter(({ resolved }) => resolved).map(({ kind }) => kind),
      before.resolved,
    ),
  };
}

const STALE: ReadonlySet<string> = new Set(["stale-lock", "lock-directory"]);

function countsOf(names: readonly string[], before: Readonly<Record<string, number>> = {}): Record<string, number> {
  const counts = { ...before };
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** An installation that is not configured any more is not told of any more. */
function keepOnly({ commands, installations, totals }: Figures, names: ReadonlySet<string>): Figures {
  const only = <Value>(record: Record<string, Value>) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => names.has(name)));
  return {
    commands: Object.fromEntries(
      Object.entries(commands).map(([name, one]) => [name, { ...one, installations: only(one.installations) }]),
    ),
    installations: only(installations),
    totals: only(totals),
  };
}
