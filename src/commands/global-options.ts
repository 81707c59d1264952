import type { OptionSpec } from "./command.ts";

export const CRON_WAIT = "2m";
export const CRON_MAX_RUNTIME = "30m";

/** The options that every command has. */
export const globalOptions: readonly OptionSpec[] = [
  { flags: "-c, --config <file>", text: "configuration file" },
  { flags: "-i, --installation <name>", text: "only this installation; repeatable", listElse: "all" },
  { flags: "--openclaw-home <dir>", text: "OpenClaw state folder of the only installation" },
  { flags: "--claude-home <dir>", text: "Claude Code folder of the only installation" },
  {
    flags: "--gateway-log <file>",
    text: "its gateway's log, a glob, or journal:UNIT; repeatable",
    listElse: "its usual places",
  },
  { flags: "--archive-dir <dir>", text: "where archives go" },
  { flags: "--state-dir <dir>", text: "where run locks, journal and log positions are kept" },
  { flags: "-n, --dry-run", text: "look and tell, change nothing" },
  { flags: "--json", text: "one JSON document on stdout" },
  { flags: "-q, --quiet", text: "problems only" },
  { flags: "-v, --verbose", text: "tell it also when all is well" },
  { flags: "--color <when>", text: "colours", choices: ["auto", "always", "never"], defaultValue: "auto" },
  { flags: "--wait <duration>", text: "wait so long for another run to end (default: 0s)" },
  { flags: "--max-runtime <duration>", text: "stop after so long, between two steps" },
  { flags: "--cron", text: `only what is new; implies --wait ${CRON_WAIT} --max-runtime ${CRON_MAX_RUNTIME}` },
  { flags: "--yes", text: "do not ask", isHidden: true },
];
