/** How a line of the checklist stands. `advice`: nothing is wrong, and something could be better. */
type CheckSeverity = "ok" | "advice" | "warning" | "error";

/** What a line of the checklist is about. */
type CheckGroup =
  | "program"
  | "cron"
  | "configuration"
  | "clock"
  | "files"
  | "archives"
  | "logs"
  | "gateway"
  | "OpenClaw"
  | "Claude Code";

/** One line of `setup check`: a fact about this machine or an installation, with what shows it. */
export type Check = {
  group: CheckGroup;
  kind: CheckKind;
  severity: CheckSeverity;
  path?: string;
  evidence: Record<string, unknown>;
};

/** What a line of the checklist says; its words are in `report/`. Stable names; more may be added. */
export type CheckKind = MachineCheckKind | FileCheckKind | ProgramCheckKind;

/** Of the machine as a whole. */
export type MachineCheckKind =
  | "node-recent"
  | "node-old"
  | "node-managed"
  | "cron-finds-program"
  | "cron-lacks-program"
  | "cron-lacks-node"
  | "cron-node-old"
  | "cron-node-silent"
  | "cron-runs"
  | "cron-missing"
  | "cron-stopped"
  | "crontab-refused"
  | "crontab-failed"
  | "lines-found"
  | "lines-missing"
  | "command-missing"
  | "command-twice"
  | "timer-disabled"
  | "line-talks"
  | "other-keeper"
  | "schedule-unknown"
  | "runs-seldom"
  | "runs-often"
  | "same-minute"
  | "minutes-apart"
  | "news-by-mail"
  | "news-lost"
  | "configuration-none"
  | "configuration-read"
  | "configuration-open"
  | "configuration-repeats"
  | "configuration-unread"
  | "variable-not-in-cron"
  | "clock-sane"
  | "clock-wrong"
  | "clock-adrift";

/** Of the files that the runs on an installation use. */
export type FileCheckKind =
  | "clock-behind-files"
  | "paths-usable"
  | "path-unreadable"
  | "path-unwritable"
  | "paths-more"
  | "home-open"
  | "disk-local"
  | "disk-memory"
  | "disk-network"
  | "disk-layer"
  | "disk-unknown"
  | "disk-read-only"
  | "archive-misplaced"
  | "archive-passing"
  | "archive-space"
  | "archive-space-low"
  | "archive-own-disk"
  | "archive-same-disk"
  | "log-none"
  | "log-readable"
  | "log-unreadable"
  | "log-missing"
  | "log-quiet"
  | "journal-readable"
  | "journal-silent"
  | "journal-failed";

/** Of the programs that work on an installation. */
export type ProgramCheckKind =
  | "gateway-up"
  | "gateway-not-seen"
  | "restart-unset"
  | "health-unset"
  | "command-found"
  | "command-not-found"
  | "sudo-allowed"
  | "sudo-asks"
  | "bus-lingers"
  | "bus-ends-with-login"
  | "bus-missing"
  | "openclaw-known"
  | "openclaw-unknown"
  | "openclaw-unused"
  | "openclaw-sqlite"
  | "openclaw-config-unread"
  | "context-large"
  | "pruning-off"
  | "reserve-small"
  | "context-bounded"
  | "pruner-first"
  | "pruner-leads"
  | "disk-budget"
  | "claude-known"
  | "claude-version-unknown"
  | "claude-sweeps"
  | "claude-sweep-chosen";

/** Makes the lines of one group. Pure. */
export function linesOf(group: CheckGroup) {
  return (kind: CheckKind, severity: CheckSeverity, evidence: Check["evidence"] = {}, path?: string): Check => ({
    group,
    kind,
    severity,
    ...(path === undefined ? {} : { path }),
    evidence,
  });
}
