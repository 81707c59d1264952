import type { Command, OptionSpec, Verb } from "../commands/command.ts";

/** An option as a shell has to know it. `value`: what its value is called; none for a switch. */
export type Flag = {
  short?: string;
  long: string;
  value?: string;
  choices: readonly string[];
  isRepeatable: boolean;
  text: string;
};

/** Where options and arguments can stand: behind a command, or behind one of its verbs. */
export type Place = {
  /** such as `restore get` */
  words: string;
  summary: string;
  flags: readonly Flag[];
  verbs: readonly Verb[];
  /** what else can stand there: files, the name of a finding, or one of some words */
  takes: "files" | "kinds" | readonly string[];
  /** how that is written, such as `[files...]` */
  argument?: { name: string; text: string };
  examples: readonly string[];
};

/** All places, in the order of the commands. */
export function placesOf(commands: readonly Command[]): Place[] {
  return commands.flatMap((command) => [
    placeOf(command, command.name),
    ...(command.verbs ?? []).map((verb) => placeOf(verb, `${command.name} ${verb.name}`)),
  ]);
}

function placeOf(of: Command | Verb, words: string): Place {
  const { summary, options, argument, examples } = of;
  const files = "files" in of ? of.files : undefined;
  const named = argument ?? (files === undefined ? undefined : { name: "[files...]", text: files });
  return {
    ...{ words, summary, examples, flags: options.filter(({ isHidden }) => !isHidden).map(flagOf) },
    verbs: ("verbs" in of && of.verbs) || [],
    takes: argument?.choices ?? takesOf(named?.name ?? ""),
    ...(named ? { argument: named } : {}),
  };
}

/** By the name that people read in the help. */
function takesOf(name: string): Place["takes"] {
  if (/file|archive/.test(name)) return "files";
  return name === "[kind]" ? "kinds" : [];
}

export function flagOf({ flags, text, choices = [], listElse }: OptionSpec): Flag {
  const [, short, long = "", value] = /^(?:(-\w), )?(--[\w-]+)(?: <(.+)>)?$/.exec(flags) ?? [];
  return {
    ...(short === undefined ? {} : { short }),
    ...(value === undefined ? {} : { value }),
    ...{ long, choices, isRepeatable: listElse !== undefined, text },
  };
}
