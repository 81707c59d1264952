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
      name: "config",
      summary:
        "print a configuration made of what is found here, with every other key at its default and what it means",
      options: [],
      examples: [
        "session-keeper setup config              what was found, and what could be changed",
        "mkdir -p ~/.config/session-keeper && session-keeper setup config > ~/.config/session-keeper/config.json5",
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
      name: "template",
      summary: "print a file for /etc/session-keeper/conf.d for a new bot, with the list of what it needs",
      argument: { name: "<name>", text: "what the bot is called: the name of its installation" },
      options: [
        {
          flags: "--home <dir>",
          text: "its OpenClaw state folder, or the home of the user it runs as (default: ~/.openclaw-NAME)",
        },
      ],
      examples: [
        "session-keeper setup template john --home /home/john",
        "session-keeper setup template john --home /srv/john/openclaw > /etc/session-keeper/conf.d/john.json5",
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
    {
      name: "metrics",
      summary: "print what makes use of the metrics file: alert rules for Prometheus, or a dashboard for Grafana",
      options: [{ flags: "--dashboard", text: "the dashboard instead of the alert rules" }],
      examples: [
        "session-keeper setup metrics > session-keeper.rules.yml",
        "session-keeper setup metrics --dashboard > session-keeper.json",
      ],
    },
    {
      name: "logrotate",
      summary: "print what logrotate needs to rotate our own log (log.file)",
      options: [],
      examples: [
        "session-keeper setup logrotate                                      for this configuration",
        "session-keeper setup logrotate > /etc/logrotate.d/session-keeper    as root: for good",
      ],
    },
    {
      name: "completion",
      summary: "print what a shell needs to complete our commands, options and findings",
      argument: { name: "<shell>", text: "which shell", choices: ["bash", "zsh", "fish"] },
      options: [],
      examples: [
        'eval "$(session-keeper setup completion bash)"                                        for this shell',
        "session-keeper setup completion fish > ~/.config/fish/completions/session-keeper.fish    for good",
      ],
    },
    {
      name: "man",
      summary: "print the manual page",
      options: [],
      examples: [
        "session-keeper setup man | man -l -    read it",
        "session-keeper setup man > ~/.local/share/man/man1/session-keeper.1    for man session-keeper",
      ],
    },
  ],
  examples: [
    "session-keeper setup check            what is missing, and how to mend it",
    "session-keeper setup cron --install   have cron run everything",
  ],
};
