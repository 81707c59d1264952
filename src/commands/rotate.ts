import type { Command } from "./command.ts";

export const rotate: Command = {
  name: "rotate",
  summary:
    "mend the sessions of bots that are broken or rejected; shorten those that are too large, so that they go on",
  options: [
    { flags: "--max-size <size>", text: "rotate above this size (default: 2MB)" },
    {
      flags: "--strategy <name>",
      text: "cut: at its last compaction, the conversation stays; digest: a short one with what matters; empty; auto: the first of these that can be done (default: auto)",
      choices: ["auto", "cut", "digest", "empty"],
    },
    { flags: "--session <id>", text: "only this session; personal ones too; repeatable", listElse: "all" },
    { flags: "--force", text: "the named sessions, whatever their size and although in use" },
    { flags: "--personal <policy>", text: "personal sessions (default: ignore)", choices: ["ignore", "cut", "all"] },
  ],
  examples: [
    "session-keeper rotate --dry-run              what would be done, and why",
    "session-keeper rotate --cron                 the line for the crontab",
    "session-keeper rotate --session ID --force   this one, now",
    "session-keeper rotate --session ID --strategy digest --force    give it up, but for what matters",
  ],
};
