/**
 * Every default of the configuration, in the units the program works with: bytes, milliseconds, tokens.
 * Kept apart from the schema so that a run without a configuration file never loads the validator.
 */
const KB = 1000;
const MB = 1000 * KB;
const GB = 1000 * MB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const defaults = {
  installation: {
    claude: { personalSessions: "ignore", personalMaxSize: 50 * MB },
    workspace: "auto",
    memoryNote: "{workspace}/memory/{date}.md",
    gateway: { logs: null, restart: null, health: null, restartTimeout: 60 * SECOND, maxRestarts: 2, per: HOUR },
    foreignPids: "auto",
  },
  rotate: {
    maxSize: 2 * MB,
    hardLimit: 20 * MB,
    quietFor: 30 * SECOND,
    strategy: "auto",
    keepArchives: 10,
    digestSize: 16 * KB,
    summarize: null,
  },
  corruption: { window: 5 * MINUTE, signatures: [], ignore: [] },
  locks: { minAge: 30 * SECOND, unknownOwnerAge: 30 * MINUTE },
  archive: {
    directory: null,
    inactiveFor: 5 * DAY,
    leftoversAfter: 7 * DAY,
    keep: { last: 10, within: 30 * DAY, daily: 0, weekly: 0, monthly: 0, maxBytes: 5 * GB },
    beforeClaudeSweep: 3 * DAY,
  },
  registry: {
    transcriptWarn: 500 * KB,
    tokens: { group: [50_000, 150_000], dm: [100_000, 150_000], main: [150_000, 200_000] },
    keepBackups: 10,
  },
  notify: { command: null, webhook: null, on: ["corruption", "failure", "repair"], repeatAfter: 6 * HOUR },
  ping: { url: null },
  metrics: { textfile: null },
  log: { file: null, level: "info" },
} as const;
