/** The configuration as it is promised to people: every key, every default. Paths, commands and signatures are examples. */
export const contractExample = `
{
  installations: {
    jarvis: {
      openclaw: { home: "~/.openclaw", version: "auto" },          // or false
      claude: { home: "~/.claude", personalSessions: "ignore", personalMaxSize: "50MB" }, // or false; "ignore" | "cut" | "all" (like the bot's)
      workspace: "auto",                                            // where the memory note goes
      memoryNote: "{workspace}/memory/{date}.md",                   // or false
      gateway: {
        logs: ["~/claudebot/data/jarvis.log", "journal:jarvis.service"], // globs allowed
        restart: ["sudo", "systemctl", "restart", "jarvis"],        // no shell; omitted: never restart
        health: ["openclaw", "health", "--json"],
        restartTimeout: "60s", maxRestarts: 2, per: "1h",
      },
      paths: { "/home/node/.openclaw": "/srv/john/openclaw" },      // path inside a container -> path here
      foreignPids: "auto",                                          // lock owners live in another pid namespace: "auto" | true | false
    },
  },
  rotate: { maxSize: "2MB", hardLimit: "20MB", quietFor: "30s", strategy: "auto", keepArchives: 10, digestSize: "16KB" /* of the whole file */, summarize: null },
  corruption: { window: "5m", signatures: [], ignore: [] },
  locks: { minAge: "30s", unknownOwnerAge: "30m" },
  archive: { directory: null, inactiveFor: "5d", leftoversAfter: "7d", keep: { last: 10, within: "30d", daily: 0, weekly: 0, monthly: 0, maxBytes: "5GB" }, beforeClaudeSweep: "3d" },
  registry: { transcriptWarn: "500KB", tokens: { group: ["50k", "150k"], dm: ["100k", "150k"], main: ["150k", "200k"] }, keepBackups: 10 },
  notify: { command: null, webhook: null, on: ["corruption", "failure", "repair"], repeatAfter: "6h" },
  ping: { url: null }, metrics: { textfile: null },
  log: { file: null, level: "info" },
}
`;
