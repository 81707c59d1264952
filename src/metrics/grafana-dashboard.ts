type Target = { expr: string; legendFormat?: string; instant?: boolean };
type Panel = { title: string; type: "stat" | "timeseries" | "table"; unit: string; width: number; height: number } & {
  targets: Target[];
  thresholds?: number;
};

// biome-ignore lint/suspicious/noTemplateCurlyInString: it is Grafana that fills it in
const DATASOURCE = { type: "prometheus", uid: "${DS_PROMETHEUS}" };
/** What the two variables above the panels choose. */
const ON = 'instance=~"$instance"';
const OF = `${ON},installation=~"$installation"`;
/** In columns. */
const WHOLE_WIDTH = 24;

const PANELS: Panel[] = [
  {
    ...{ title: "Errors left", type: "stat", unit: "short", width: 4, height: 5, thresholds: 1 },
    targets: [{ expr: `sum(session_keeper_findings{${OF},severity="error"}) or vector(0)` }],
  },
  {
    ...{ title: "Warnings left", type: "stat", unit: "short", width: 4, height: 5, thresholds: 1 },
    targets: [{ expr: `sum(session_keeper_findings{${OF},severity="warning"}) or vector(0)` }],
  },
  {
    ...{ title: "Installations that fail", type: "stat", unit: "short", width: 4, height: 5, thresholds: 1 },
    targets: [
      { expr: `sum(max by (instance, installation) (session_keeper_installation_failed{${OF}})) or vector(0)` },
    ],
  },
  {
    ...{ title: "Largest session", type: "stat", unit: "decbytes", width: 4, height: 5, thresholds: 20_000_000 },
    targets: [{ expr: `max(session_keeper_largest_session_bytes{${OF}})` }],
  },
  {
    ...{ title: "Stale locks left", type: "stat", unit: "short", width: 4, height: 5, thresholds: 1 },
    targets: [{ expr: `sum(session_keeper_stale_locks{${OF}}) or vector(0)` }],
  },
  {
    ...{ title: "Alerts that wait", type: "stat", unit: "short", width: 4, height: 5, thresholds: 1 },
    targets: [{ expr: `sum(session_keeper_undelivered_alerts{${ON}})` }],
  },
  {
    ...{ title: "Since the last run", type: "timeseries", unit: "s", width: 8, height: 8 },
    targets: [
      {
        expr: `time() - session_keeper_last_run_timestamp_seconds{${ON}}`,
        legendFormat: "{{command}} {{instance}}",
      },
    ],
  },
  {
    ...{ title: "Since the last success", type: "timeseries", unit: "s", width: 8, height: 8 },
    targets: [
      {
        expr: `time() - session_keeper_last_success_timestamp_seconds{${ON}}`,
        legendFormat: "{{command}} {{instance}}",
      },
    ],
  },
  {
    ...{ title: "Duration of runs", type: "timeseries", unit: "s", width: 8, height: 8 },
    targets: [{ expr: `session_keeper_run_duration_seconds{${ON}}`, legendFormat: "{{command}} {{instance}}" }],
  },
  {
    ...{ title: "What is found and left", type: "timeseries", unit: "short", width: 12, height: 8 },
    targets: [
      {
        expr: `sum by (installation, kind, severity) (session_keeper_findings{${OF},severity!="info"})`,
        legendFormat: "{{installation}}: {{kind}} ({{severity}})",
      },
    ],
  },
  {
    ...{ title: "What was dealt with, an hour", type: "timeseries", unit: "short", width: 12, height: 8 },
    targets: [
      {
        expr: `sum by (installation, kind) (increase(session_keeper_findings_resolved_total{${OF}}[1h]))`,
        legendFormat: "{{installation}}: {{kind}}",
      },
    ],
  },
  {
    ...{ title: "Transcripts", type: "timeseries", unit: "decbytes", width: 8, height: 8 },
    targets: [
      {
        expr: `sum by (installation, dialect) (session_keeper_transcript_bytes{${OF}})`,
        legendFormat: "{{installation}} ({{dialect}})",
      },
    ],
  },
  {
    ...{ title: "Largest sessions", type: "timeseries", unit: "decbytes", width: 8, height: 8 },
    targets: [
      {
        expr: `max by (installation, dialect) (session_keeper_largest_session_bytes{${OF}})`,
        legendFormat: "{{installation}} ({{dialect}})",
      },
    ],
  },
  {
    ...{ title: "Archives", type: "timeseries", unit: "decbytes", width: 8, height: 8 },
    targets: [
      {
        expr: `sum by (installation, dialect) (session_keeper_archive_bytes{${OF}})`,
        legendFormat: "{{installation}} ({{dialect}})",
      },
    ],
  },
  {
    ...{ title: "Files", type: "timeseries", unit: "short", width: 8, height: 8 },
    targets: [
      {
        expr: `sum by (installation) (session_keeper_transcripts{${OF}})`,
        legendFormat: "{{installation}}: transcripts",
      },
      { expr: `sum by (installation) (session_keeper_archives{${OF}})`, legendFormat: "{{installation}}: archives" },
    ],
  },
  {
    ...{ title: "Steps, an hour", type: "timeseries", unit: "short", width: 8, height: 8 },
    targets: [
      {
        expr: `sum by (kind, result) (increase(session_keeper_actions_total{${OF}}[1h]))`,
        legendFormat: "{{kind}} {{result}}",
      },
    ],
  },
  {
    ...{ title: "Archived and restarted, a day", type: "timeseries", unit: "short", width: 8, height: 8 },
    targets: [
      {
        expr: `sum by (installation) (increase(session_keeper_archived_bytes_total{${OF}}[1d])) / 1e6`,
        legendFormat: "{{installation}}: MB archived",
      },
      {
        expr: `sum by (installation) (increase(session_keeper_restarts_total{${OF}}[1d]))`,
        legendFormat: "{{installation}}: restarts",
      },
    ],
  },
  {
    ...{ title: "Last exit codes", type: "table", unit: "none", width: 12, height: 7 },
    targets: [{ expr: `session_keeper_exit_code{${ON}}`, instant: true }],
  },
  {
    ...{ title: "Versions", type: "table", unit: "none", width: 12, height: 7 },
    targets: [{ expr: `session_keeper_build_info{${ON}}`, instant: true }],
  },
];

/** A dashboard for Grafana (JSON) on the metrics file. It asks for the data source when it is imported. */
export function grafanaDashboard(): string {
  const dashboard = {
    __inputs: [
      {
        ...{ name: "DS_PROMETHEUS", label: "Prometheus", description: "where the metrics of session-keeper are" },
        ...{ type: "datasource", pluginId: "prometheus", pluginName: "Prometheus" },
      },
    ],
    __requires: [
      { type: "grafana", id: "grafana", name: "Grafana", version: "9.0.0" },
      { type: "datasource", id: "prometheus", name: "Prometheus", version: "1.0.0" },
      ...["stat", "table", "timeseries"].map((id) => ({ type: "panel", id, name: id, version: "" })),
    ],
    uid: "session-keeper",
    title: "session-keeper",
    tags: ["session-keeper"],
    schemaVersion: 37,
    version: 1,
    editable: true,
    graphTooltip: 1,
    timezone: "",
    refresh: "1m",
    time: { from: "now-24h", to: "now" },
    annotations: { list: [] },
    links: [],
    templating: {
      list: [
        variable("instance", "Host", "label_values(session_keeper_build_info, instance)"),
        variable("installation", "Installation", `label_values(session_keeper_transcripts{${ON}}, installation)`),
      ],
    },
    panels: placed(PANELS),
  };
  return `${JSON.stringify(dashboard, null, 2)}\n`;
}

function variable(name: string, label: string, query: string): object {
  return {
    ...{ name, label, type: "query", datasource: DATASOURCE, query: { query, refId: name }, definition: query },
    ...{
      includeAll: true,
      allValue: ".*",
      multi: true,
      refresh: 2,
      sort: 1,
      current: { text: "All", value: "$__all" },
    },
  };
}

/** Puts panels in rows from left to right. */
function placed(panels: readonly Panel[]): object[] {
  let [x, y, rowHeight] = [0, 0, 0];
  return panels.map(({ title, type, unit, width, height, targets, thresholds }, index) => {
    if (x + width > WHOLE_WIDTH) [x, y, rowHeight] = [0, y + rowHeight, 0];
    const gridPos = { x, y, w: width, h: height };
    x += width;
    rowHeight = Math.max(rowHeight, height);
    const steps = [
      { color: "green", value: null },
      ...(thresholds === undefined ? [] : [{ color: "red", value: thresholds }]),
    ];
    return {
      ...{ id: index + 1, title, type, datasource: DATASOURCE, gridPos },
      fieldConfig: { defaults: { unit, min: 0, thresholds: { mode: "absolute", steps } }, overrides: [] },
      options: type === "stat" ? { colorMode: "background", reduceOptions: { calcs: ["lastNotNull"] } } : {},
      targets: targets.map((target, at) => ({
        ...{ refId: String.fromCharCode(65 + at), datasource: DATASOURCE, ...target },
        ...(type === "table" ? { format: "table" } : {}),
      })),
    };
  });
}
