/** What the person asked for, after the configuration, the environment and the flags have been put together. */

export type Strategy = "auto" | "cut" | "digest" | "empty";
export type PersonalPolicy = "ignore" | "cut" | "all";

/** One installation as asked for; nothing here has been looked up on disk yet. Paths are absolute. */
export type InstallationSettings = {
  name: string;
  /** `null`: this installation has none. `version` is "auto" or what the person set. */
  openclaw: { home: string; version: string } | null;
  claude: { home: string; personalSessions: PersonalPolicy; personalMaxSize: number } | null;
  /** True when the person named the homes, so that one that is missing is a failure and not just absent. */
  configured: { openclaw: boolean; claude: boolean };
  /** An absolute path, or "auto": read it from the gateway's own configuration. */
  workspace: string;
  /** Template with {workspace} and {date}; null: write no note. */
  memoryNote: string | null;
  gateway: {
    /** File paths, globs or `journal:UNIT`; null: the gateway's default places. */
    logs: string[] | null;
    restart: string[] | null;
    health: string[] | null;
    /** milliseconds */
    restartTimeout: number;
    maxRestarts: number;
    /** milliseconds */
    per: number;
  };
  /** Path inside a container -> path on this host. */
  paths: Record<string, string>;
  foreignPids: "auto" | boolean;
};

/** A log signature that a user added. `severity` error condemns the session that the line names; the others only report. */
export type SignatureSetting = { name: string; pattern: string; severity: "info" | "warning" | "error" };

/** Sizes are bytes, durations milliseconds. */
export type Settings = {
  /** The file this came from; null when there is none. */
  configFile: string | null;
  installations: InstallationSettings[];
  /** The others of the configuration, which this run is not about: they may share a home or a log with those that it is about. */
  bystanders: InstallationSettings[];
  rotate: {
    maxSize: number;
    hardLimit: number;
    quietFor: number;
    strategy: Strategy;
    keepArchives: number;
    digestSize: number;
    summarize: string[] | null;
  };
  corruption: { window: number; signatures: SignatureSetting[]; ignore: string[] };
  locks: { minAge: number; unknownOwnerAge: number };
  archive: {
    directory: string | null;
    inactiveFor: number;
    leftoversAfter: number;
    keep: { last: number; within: number; daily: number; weekly: number; monthly: number; maxBytes: number };
    beforeClaudeSweep: number;
  };
  registry: {
    transcriptWarn: number;
    tokens: Record<"group" | "dm" | "main", readonly [warning: number, critical: number]>;
    keepBackups: number;
  };
  notify: { command: string[] | null; webhook: string | null; on: string[]; repeatAfter: number };
  ping: { url: string | null };
  metrics: { textfile: string | null };
  log: { file: string | null; level: string };
  /** Where run locks, journal and log positions live; null: of the homes' owner, by the XDG rules. */
  stateDirectory: string | null;
};
