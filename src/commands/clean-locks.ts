import type { Command } from "./command.ts";

export const cleanLocks: Command = {
  name: "clean-locks",
  summary: "remove the locks of sessions and registries whose owner is proven gone, and tell who holds the others",
  options: [
    {
      flags: "--force",
      text: "the emergency: every lock, also of programs that live; off a terminal only with --yes",
    },
  ],
  examples: [
    "session-keeper clean-locks --dry-run         which locks there are, and what becomes of each",
    "session-keeper clean-locks --cron            the line for the crontab",
    "session-keeper clean-locks --force --yes     every lock, once the gateway is stopped",
  ],
};
