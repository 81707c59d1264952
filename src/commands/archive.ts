import type { Command } from "./command.ts";

export const archive: Command = {
  name: "archive",
  summary:
    "put idle sessions and leftovers into the archive, save what Claude Code is about to delete, let old archives go",
  options: [{ flags: "--inactive-for <duration>", text: "sessions idle for longer than this (default: 5d)" }],
  examples: [
    "session-keeper archive --dry-run             what is idle or left over, and what becomes of it",
    "session-keeper archive --cron                the line for the crontab",
    "session-keeper archive --inactive-for 30d    only sessions of which nobody has heard for a month",
    "session-keeper restore list                  what is in the archives by now",
  ],
};
