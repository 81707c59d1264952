/** How long a command of the usual crontab may not have run, in seconds: several of its turns. */
const OVERDUE: Record<string, number> = {
  rotate: 1800,
  "clean-locks": 1800,
  "validate-registry": 3 * 3600,
  archive: 13 * 3600,
  "detect-corruption": 25 * 3600,
};

type Rule = { alert: string; expr: string; for: string; severity: "warning" | "critical"; summary: string };

const RULES: Rule[] = [
  {
    alert: "SessionKeeperAbsent",
    expr: "absent(session_keeper_build_info)",
    for: "30m",
    severity: "critical",
    summary: "no metrics of session-keeper: it does not run, or its text file is not collected",
  },
  ...Object.entries(OVERDUE).map(
    ([command, seconds]): Rule => ({
      alert: `SessionKeeper${inCamelCase(command)}Overdue`,
      expr: `time() - session_keeper_last_run_timestamp_seconds{command="${command}"} > ${seconds}`,
      for: "5m",
      severity: "critical",
      summary: `session-keeper ${command} has not run on {{ $labels.instance }} for {{ $value | humanizeDuration }}: look at the crontab`,
    }),
  ),
  {
    alert: "SessionKeeperFails",
    expr: "session_keeper_exit_code == 2 or session_keeper_exit_code == 3",
    for: "15m",
    severity: "critical",
    summary:
      "session-keeper {{ $labels.command }} ends with {{ $value }} on {{ $labels.instance }}: run it by hand to see why",
  },
  {
    alert: "SessionKeeperNoSuccess",
    expr: "session_keeper_last_run_timestamp_seconds - session_keeper_last_success_timestamp_seconds > 6 * 3600",
    for: "5m",
    severity: "critical",
    summary: "session-keeper {{ $labels.command }} runs on {{ $labels.instance }}, but has not succeeded for hours",
  },
  {
    alert: "SessionKeeperInstallationFailed",
    expr: "session_keeper_installation_failed > 0",
    for: "15m",
    severity: "critical",
    summary: "{{ $labels.installation }} on {{ $labels.instance }} cannot be looked after by {{ $labels.command }}",
  },
  {
    alert: "SessionKeeperErrorsLeft",
    expr: 'session_keeper_findings{severity="error"} > 0',
    for: "30m",
    severity: "critical",
    summary: "{{ $labels.installation }} on {{ $labels.instance }}: {{ $labels.kind }} is left ({{ $value }})",
  },
  {
    alert: "SessionKeeperWarningsLeft",
    expr: 'session_keeper_findings{severity="warning"} > 0',
    for: "6h",
    severity: "warning",
    summary: "{{ $labels.installation }} on {{ $labels.instance }}: {{ $labels.kind }} is left ({{ $value }})",
  },
  {
    alert: "SessionKeeperSessionTooLarge",
    expr: "session_keeper_largest_session_bytes > 20e6",
    for: "1h",
    severity: "warning",
    summary: "{{ $labels.installation }} on {{ $labels.instance }}: a session of {{ $value | humanize }}B",
  },
  {
    alert: "SessionKeeperStaleLocks",
    expr: "session_keeper_stale_locks > 0",
    for: "15m",
    severity: "warning",
    summary: "{{ $labels.installation }} on {{ $labels.instance }}: locks without an owner are left ({{ $value }})",
  },
  {
    alert: "SessionKeeperRestartsOften",
    expr: "increase(session_keeper_restarts_total[6h]) >= 3",
    for: "0m",
    severity: "warning",
    summary: "{{ $labels.installation }} on {{ $labels.instance }}: the gateway was restarted again and again",
  },
  {
    alert: "SessionKeeperStepsFail",
    expr: 'increase(session_keeper_actions_total{result="failed"}[1h]) > 0',
    for: "0m",
    severity: "warning",
    summary: "{{ $labels.installation }} on {{ $labels.instance }}: {{ $labels.kind }} fails",
  },
  {
    alert: "SessionKeeperAlertsWait",
    expr: "session_keeper_undelivered_alerts > 0",
    for: "30m",
    severity: "warning",
    summary: "{{ $value }} alerts of session-keeper on {{ $labels.instance }} cannot be delivered",
  },
];

/** Rules for Prometheus (YAML) on the metrics file: what a person ought to hear of when no alert of ours can tell. */
export function alertRules(): string {
  const rules = RULES.map(
    ({ alert, expr, for: lasting, severity, summary }) => `      - alert: ${alert}
        expr: ${JSON.stringify(expr)}
        for: ${lasting}
        labels:
          severity: ${severity}
        annotations:
          summary: ${JSON.stringify(summary)}
`,
  );
  return `groups:\n  - name: session-keeper\n    rules:\n${rules.join("")}`;
}

function inCamelCase(name: string): string {
  return name.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
