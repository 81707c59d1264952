import type { Command } from "./command.ts";

export const explain: Command = {
  name: "explain",
  summary: "what a finding means, what it does to the bot, and what to do; without a name, all of them in a line each",
  options: [],
  argument: { name: "[kind]", text: "as it stands in a report, such as orphaned-result" },
  examples: [
    "session-keeper explain orphaned-result   what it is, and what to do",
    "session-keeper explain                   all that can be found, done or left alone",
  ],
};
