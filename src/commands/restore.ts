import type { Command } from "./command.ts";

export const restore: Command = {
  name: "restore",
  summary: "list what is in the archives, read it back, get a session's lines out again, undo a run",
  options: [],
  verbs: [
    {
      name: "list",
      summary: "the archives, oldest first, those of one session together",
      options: [
        { flags: "--session <id>", text: "only of this session; repeatable", listElse: "all" },
        { flags: "--since <time>", text: "only those made so lately, such as 7d, or since a day, such as 2026-02-09" },
        {
          flags: "--reason <name>",
          text: "only those made for this reason",
          choices: ["size", "corrupt", "repair", "idle", "sweep", "leftover", "manual"],
        },
      ],
      examples: [
        "session-keeper restore list                        all of them",
        "session-keeper restore list --session ID --json    one session's, with hashes",
      ],
    },
    {
      name: "get",
      summary: "write a copy of what an archive holds, or of a session's whole history",
      argument: {
        name: "<session|archive>",
        text: "a session's id (its newest archive), or an archive's name or path",
      },
      options: [
        {
          flags: "--full",
          text: "every line that the session ever had, once and in order, the live transcript included",
        },
        { flags: "--segment <n>", text: "the session's archive of this number" },
        { flags: "--to <file>", text: "write to this file, which must not be there yet (default: stdout)" },
      ],
      examples: [
        "session-keeper restore get ID | less                     the newest archive of a session",
        "session-keeper restore get ID --full --to all.jsonl      its whole history",
        "session-keeper restore get ID --segment 2 --to 2.jsonl   what its second archive holds",
      ],
    },
    {
      name: "verify",
      summary: "read archives back and compare them with what was written",
      options: [
        { flags: "--all", text: "every archive (the default)" },
        { flags: "--sample <n>", text: "so many, chosen by chance" },
      ],
      examples: [
        "session-keeper restore verify               every archive",
        "session-keeper restore verify --sample 20 --cron   twenty of them: a line for the crontab, which status tells of",
      ],
    },
    {
      name: "undo",
      summary: "put back what a run changed, where nothing has changed since",
      argument: { name: "<run>", text: "the run's id: it stands at the end of what the run told, and in the journal" },
      options: [],
      examples: [
        "session-keeper restore undo RUN --dry-run   what would be put back, and what stands in the way",
        "session-keeper restore undo RUN             put it back; the archives stay",
        "session-keeper restore undo RUN --yes       sessions that are in use, too",
      ],
    },
  ],
  examples: [
    "session-keeper restore list                          which archives there are",
    "session-keeper restore get ID --full --to all.jsonl  a session's whole history",
    "session-keeper restore verify                        whether they hold what was archived",
    "session-keeper restore undo RUN                      put back what a run changed",
  ],
};
