import type { Command } from "./command.ts";

export const validateRegistry: Command = {
  name: "validate-registry",
  summary: "hold every sessions.json against the files and the bindings; with --repair, back it up and put it right",
  options: [
    { flags: "--repair", text: "back up the registry and put right what is wrong in it" },
    {
      flags: "--resolve-strays",
      text: "with --repair: move sessions that lie with an agent who does not get their messages to the one that does, or archive them",
    },
    { flags: "--restart", text: "with --repair: restart the gateway after a repair that it may not notice" },
  ],
  examples: [
    "session-keeper validate-registry                      what is wrong, and what a repair would do",
    "session-keeper validate-registry --repair --dry-run   the same, step by step",
    "session-keeper validate-registry --repair --cron      the line for the crontab",
  ],
};
