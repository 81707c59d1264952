import { exitCodes } from "../commands/exit-codes.ts";
import { globalOptions } from "../commands/global-options.ts";
import { commands } from "../commands/index.ts";
import { explain } from "../report/explain.ts";
import { partsOf } from "./examples.ts";
import { type Flag, flagOf, type Place, placesOf } from "./places.ts";
import { bold, italic, roff, tagged, verbatim } from "./roff.ts";

const FILES = [
  ["~/.config/session-keeper/config.json5", "the configuration; without one, the usual homes are looked after"],
  ["/etc/session-keeper/config.json5", "the configuration of the machine, where the user has none"],
  ["~/.local/state/session-keeper/journal.jsonl", "what each run did, a line for each step"],
  [
    "~/.claude/session-archives, ~/.openclaw/session-archives",
    "archives: plain gzip of the very bytes, and catalog.jsonl",
  ],
] as const;

const ENVIRONMENT = [
  ["SESSION_KEEPER_CONFIG", "the configuration file"],
  ["OPENCLAW_STATE_DIR, CLAUDE_CONFIG_DIR", "the homes of both programs, where no configuration names them"],
  ["XDG_CONFIG_HOME, XDG_STATE_HOME", "instead of ~/.config and ~/.local/state"],
  ["NO_COLOR", "no colours"],
] as const;

/** The manual page, session-keeper(1), made of what the help and `explain` are made of. */
export function manPage(version: string): string {
  const places = placesOf(commands);
  const everywhere = globalOptions.filter(({ isHidden }) => !isHidden).map(flagOf);
  const lines = [
    `.TH SESSION\\-KEEPER 1 "" "session\\-keeper ${roff(version)}" "User Commands"`,
    ".nh", // a name that is broken at a hyphen cannot be copied
    ".ad l",
    ".SH NAME",
    roff("session-keeper - keeps the session files of OpenClaw and Claude Code healthy without losing a line"),
    ".SH SYNOPSIS",
    ...places.filter(({ verbs }) => verbs.length === 0).flatMap(synopsis),
    ".SH DESCRIPTION",
    roff(
      "Finds what is broken in session files and mends just that, cuts off what a compaction left behind, takes away locks whose owner is gone, puts idle sessions into an archive and registries right. Before a byte goes, a verified copy of it exists. Sessions of people are left alone. It is made to be run by cron, which it tells nothing as long as all is well.",
    ),
    ".SH COMMANDS",
    ...places.flatMap(section),
    ".SH OPTIONS OF EVERY COMMAND",
    ...everywhere.flatMap(option),
    ".SH EXIT STATUS",
    ...exitCodes.flatMap(([code, text]) => tagged(bold(code), text)),
    ".SH FILES",
    ...FILES.flatMap(([path, text]) => tagged(italic(path), text)),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, text]) => tagged(bold(name), text)),
    ".SH FINDINGS",
    roff("What each means and what to do: session-keeper explain KIND."),
    ...explain(null)
      .filter((one) => one.of === "finding")
      .flatMap(({ kind, summary }) => tagged(bold(kind), summary)),
    ".SH SEE ALSO",
    roff("crontab(5), systemd.timer(5), gzip(1)"),
  ];
  return `${lines.join("\n")}\n`;
}

function synopsis({ words, flags, argument }: Place): string[] {
  const options = flags.length > 0 ? ` [${italic("options")}]` : "";
  return [`${bold(`session-keeper ${words}`)}${options}${argument ? ` ${italic(argument.name)}` : ""}`, ".br"];
}

function section(place: Place): string[] {
  const { words, summary, flags, verbs, argument, examples } = place;
  const ofArgument = argument ? tagged(italic(argument.name), argument.text) : [];
  const lines = verbs.length > 0 ? [] : examples.flatMap(example);
  return [`.SS ${roff(words)}`, roff(`${summary}.`), ...ofArgument, ...flags.flatMap(option), ...lines];
}

function example(line: string): string[] {
  const { command, text } = partsOf(line);
  return [...verbatim([command]), ...(text === "" ? [] : [".RS 8", roff(text), ".RE"])];
}

function option({ long, short, value, choices, text }: Flag): string[] {
  const names = [...(short === undefined ? [] : [bold(short)]), bold(long)].join(", ");
  const told = choices.length > 0 && value !== undefined ? `${text} (one of: ${choices.join(", ")})` : text;
  return tagged(`${names}${value === undefined ? "" : ` ${italic(value)}`}`, told);
}
