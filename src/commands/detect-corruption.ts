import type { Command } from "./command.ts";

export const detectCorruption: Command = {
  name: "detect-corruption",
  summary: "find every break in transcripts and what the logs say of it; with --repair, mend it",
  options: [
    { flags: "--repair", text: "mend what is broken, and leave every other line as it is" },
    { flags: "--error <text>", text: "go straight to what a pasted error or log line is about" },
  ],
  files: "transcripts, wherever they lie (default: those of the installations)",
  examples: [
    "session-keeper detect-corruption                    what is wrong, and what it does in which release",
    "session-keeper detect-corruption FILE               this one session",
    "session-keeper detect-corruption FILE --repair      mend it; the original goes into the archive first",
    "session-keeper detect-corruption --error 'messages.4: unexpected `tool_use_id` found ...'",
  ],
};
