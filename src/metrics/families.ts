import type { Figures } from "./figures.ts";

/** A value and its labels. */
type Sample = { labels: Record<string, string>; value: number };

/** A metric: what it is called, what it means, and its values. No label holds a session's id or key, or a peer's. */
export type Family = { name: string; type: "gauge" | "counter"; help: string; samples: (told: Told) => Sample[] };

/** All that a metrics file is made of. */
export type Told = { figures: Figures; version: string; undelivered: number };

const byCommand = (value: (command: Figures["commands"][string]) => number | undefined) => (told: Told) =>
  Object.entries(told.figures.commands).flatMap(([command, one]): Sample[] => {
    const number = value(one);
    return number === undefined ? [] : [{ labels: { command }, value: number }];
  });

const byDialect =
  (part: "transcripts" | "archives", value: (amount: { count: number; bytes: number; largest?: number }) => number) =>
  (told: Told) =>
    Object.entries(told.figures.installations).flatMap(([installation, one]) =>
      Object.entries(one[part] ?? {}).map(([dialect, amount]) => ({
        labels: { installation, dialect },
        value: value(amount),
      })),
    );

const byInstallation = (value: (totals: Figures["totals"][string]) => number) => (told: Told) =>
  Object.entries(told.figures.totals).map(([installation, one]) => ({ labels: { installation }, value: value(one) }));

const PREFIX = "session_keeper_";

const families: Family[] = [
  {
    name: "build_info",
    type: "gauge",
    help: "Always 1; the version that wrote this file.",
    samples: ({ version }) => [{ labels: { version }, value: 1 }],
  },
  {
    name: "last_run_timestamp_seconds",
    type: "gauge",
    help: "When a command last ended, however it ended.",
    samples: byCommand(({ lastRun }) => lastRun),
  },
  {
    name: "last_success_timestamp_seconds",
    type: "gauge",
    help: "When a command last ended with exit code 0 or 1, which means that it looked after everything.",
    samples: byCommand(({ lastSuccess }) => lastSuccess),
  },
  {
    name: "run_duration_seconds",
    type: "gauge",
    help: "How long the last run of a command took.",
    samples: byCommand(({ durationSeconds }) => durationSeconds),
  },
  {
    name: "exit_code",
    type: "gauge",
    help: "The exit code of the last run of a command: 0 well, 1 something is left, 2 configuration, 3 failure, 75 locked.",
    samples: byCommand(({ exitCode }) => exitCode),
  },
  {
    name: "installation_failed",
    type: "gauge",
    help: "1 when the last run of a command could not look after an installation.",
    samples: ({ figures }) =>
      Object.entries(figures.commands).flatMap(([command, { installations }]) =>
        Object.entries(installations).map(([installation, { isFailed }]) => ({
          labels: { installation, command },
          value: isFailed ? 1 : 0,
        })),
      ),
  },
  {
    name: "findings",
    type: "gauge",
    help: "What the last run of a command found and left.",
    samples: ({ figures }) =>
      Object.entries(figures.commands).flatMap(([command, { installations }]) =>
        Object.entries(installations).flatMap(([installation, { findings }]) =>
          Object.entries(findings).map(([name, value]) => {
            const [kind = "", severity = ""] = name.split(" ");
            return { labels: { installation, command, kind, severity }, value };
          }),
        ),
      ),
  },
  {
    name: "findings_resolved_total",
    type: "counter",
    help: "Findings that were dealt with in the run that found them.",
    samples: ({ figures }) =>
      Object.entries(figures.totals).flatMap(([installation, { resolved }]) =>
        Object.entries(resolved).map(([kind, value]) => ({ labels: { installation, kind }, value })),
      ),
  },
  {
    name: "actions_total",
    type: "counter",
    help: "Steps by what became of them.",
    samples: ({ figures }) =>
      Object.entries(figures.totals).flatMap(([installation, { actions }]) =>
        Object.entries(actions).map(([name, value]) => {
          const [kind = "", result = ""] = name.split(" ");
          return { labels: { installation, kind, result }, value };
        }),
      ),
  },
  {
    name: "transcripts",
    type: "gauge",
    help: "How many transcripts there are.",
    samples: byDialect("transcripts", ({ count }) => count),
  },
  {
    name: "transcript_bytes",
    type: "gauge",
    help: "The size of all transcripts together.",
    samples: byDialect("transcripts", ({ bytes }) => bytes),
  },
  {
    name: "largest_session_bytes",
    type: "gauge",
    help: "The size of the largest transcript.",
    samples: byDialect("transcripts", ({ largest = 0 }) => largest),
  },
  {
    name: "archives",
    type: "gauge",
    help: "How many archives there are.",
    samples: byDialect("archives", ({ count }) => count),
  },
  {
    name: "archive_bytes",
    type: "gauge",
    help: "The size of all archives together, compressed as they are.",
    samples: byDialect("archives", ({ bytes }) => bytes),
  },
  {
    name: "archived_bytes_total",
    type: "counter",
    help: "Bytes of transcripts that were put into archives, before compression.",
    samples: byInstallation(({ archivedBytes }) => archivedBytes),
  },
  {
    name: "restarts_total",
    type: "counter",
    help: "Restarts of the gateway that succeeded.",
    samples: byInstallation(({ restarts }) => restarts),
  },
  {
    name: "stale_locks",
    type: "gauge",
    help: "Locks without an owner that the last run of clean-locks left.",
    samples: ({ figures }) =>
      Object.entries(figures.installations).flatMap(([installation, { staleLocks }]) =>
        staleLocks === undefined ? [] : [{ labels: { installation }, value: staleLocks }],
      ),
  },
  {
    name: "undelivered_alerts",
    type: "gauge",
    help: "Alerts that wait to be delivered.",
    samples: ({ undelivered }) => [{ labels: {}, value: undelivered }],
  },
];

/** Every metric there is. */
export const FAMILIES: readonly Family[] = families.map((family) => ({ ...family, name: PREFIX + family.name }));
