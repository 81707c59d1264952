import { Option } from "commander";
import { defineCommand } from "./command.ts";

export const rotate = defineCommand({
  name: "rotate",
  summary: "archive and empty transcripts that are too large, or that the API rejects",
  options: [
    new Option("--max-size <size>", "rotate above this size (default: 2MB)"),
    new Option("--strategy <name>", "what becomes of the transcript (default: auto)").choices([
      "auto",
      "cut",
      "digest",
      "empty",
    ]),
    new Option("--session <id>", "only this session; personal ones too; repeatable")
      .argParser(collect)
      .default([], "all"),
    new Option("--force", "the named sessions, whatever their size and although in use"),
    new Option("--personal <policy>", "personal sessions (default: ignore)").choices(["ignore", "cut", "all"]),
  ],
  examples: [
    "session-keeper rotate --dry-run              what would be done, and why",
    "session-keeper rotate --cron                 the line for the crontab",
    "session-keeper rotate --session ID --force   this one, now",
  ],
});

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
