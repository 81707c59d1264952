import type { Command, OptionSpec } from "./command.ts";

const install = (what: string, where: string): OptionSpec[] => [
  { flags: "--install", text: `put ${what} into ${where}; what is there already stays` },
  { flags: "--uninstall", text: `take ${what} out of ${where} again` },
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
  ],
  examples: [
    "session-keeper setup check            what is missing, and how to mend it",
    "session-keeper setup cron --install   have cron run everything",
  ],
};
