import type { Command, OptionSpec } from "./command.ts";

const install = (what: string, where: string): OptionSpec[] => [
  { flags: "--install", text: `put ${what} into ${where}, or put them right; nothing else is touched` },
  { flags: "--uninstall", text: `take ${what} out again` },
];

export const setup: Command = {
  name: "setup",
  summary: "look at what this machine needs for unattended runs, and print or install it",
  options: [],
  verbs: [
    {
      name: "check",
      summary: "go through everything that runs from cron depend on, with the remedy for what is wrong",
      options: [],
      examples: [
        "session-keeper setup check           exit code 1 when something needs to be mended",
        "session-keeper setup check --quiet   only what needs to be mended",
      ],
    },
    {
      name: "cron",
      summary: "print the lines for the crontab, or keep them in it",
      options: install("the lines", "this user's crontab"),
      examples: [
        "session-keeper setup cron              what would stand in the crontab",
        "session-keeper setup cron --install    put it there, or put it right",
        "session-keeper setup cron --uninstall  take it out again",
      ],
    },
    {
      name: "systemd",
      summary:
        "print services and timers for systemd, or keep them installed: of the system for root, else of this user",
      options: install("the units", "their folder, and start the timers"),
      examples: [
        "session-keeper setup systemd              the files, one after the other",
        "session-keeper setup systemd --install    write them and start the timers",
        "session-keeper setup systemd --uninstall  stop the timers and remove the files",
      ],
    },
  ],
  examples: [
    "session-keeper setup check            what is missing, and how to mend it",
    "session-keeper setup cron --install   have cron run everything",
  ],
};
