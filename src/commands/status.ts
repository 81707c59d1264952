import type { Command } from "./command.ts";

export const status: Command = {
  name: "status",
  summary: "how every installation is: what is wrong and what mends it, sessions against their limits, archives, runs",
  options: [{ flags: "--html <file>", text: "write it as one page, with charts, too; readable without this program" }],
  examples: [
    "session-keeper status                     everything at a glance",
    "session-keeper status -i jarvis           one installation",
    "session-keeper status --html status.html  a page to look at, or to send",
    "session-keeper status --json              for a script, or for a bug report",
  ],
};
