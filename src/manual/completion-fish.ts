import type { Flag, Place } from "./places.ts";

/** What fish completes. */
export function completionForFish(
  places: readonly Place[],
  everywhere: readonly Flag[],
  kinds: readonly string[],
): string {
  const tops = places.filter(({ words }) => !words.includes(" "));
  const isTop = `not __fish_seen_subcommand_from ${tops.map(({ words }) => words).join(" ")}`;
  const lines = [
    "# fish completion for session-keeper. For this shell:  session-keeper setup completion fish | source",
    "# For good:  session-keeper setup completion fish > ~/.config/fish/completions/session-keeper.fish",
    "",
    "complete -c session-keeper -f",
    `complete -c session-keeper -n ${quoted(isTop)} -l help -d 'display help'`,
    `complete -c session-keeper -n ${quoted(`${isTop}; and not __fish_seen_subcommand_from help`)} -l version -d 'output the version number'`,
    `complete -c session-keeper -n ${quoted(`${isTop}; and not __fish_seen_subcommand_from help`)} -a help -d 'tell more of a command'`,
    ...tops.map(
      ({ words, summary }) =>
        `complete -c session-keeper -n ${quoted(isTop)} -a ${words} -d ${quoted(shortly(summary))}`,
    ),
  ];
  for (const place of places) {
    const here = conditionOf(place);
    lines.push("", `# ${place.words}`);
    for (const { name, summary } of place.verbs)
      lines.push(`complete -c session-keeper -n ${quoted(here)} -a ${name} -d ${quoted(shortly(summary))}`);
    if (place.verbs.length > 0) continue;
    for (const flag of [...place.flags, ...everywhere])
      lines.push(`complete -c session-keeper -n ${quoted(here)} ${flagOptions(flag)}`);
    if (place.takes === "files") lines.push(`complete -c session-keeper -n ${quoted(here)} -F`);
    const words = place.takes === "kinds" ? kinds : place.takes === "files" ? [] : place.takes;
    if (words.length > 0) lines.push(`complete -c session-keeper -n ${quoted(here)} -a ${quoted(words.join(" "))}`);
  }
  return `${lines.join("\n")}\n`;
}

/** True where the place's own options go: behind its command, and behind its verb or before any. */
function conditionOf({ words, verbs }: Place): string {
  const [command, verb] = words.split(" ");
  const inCommand = `__fish_seen_subcommand_from ${command}; and not __fish_seen_subcommand_from help`;
  if (verb !== undefined) return `${inCommand}; and __fish_seen_subcommand_from ${verb}`;
  if (verbs.length === 0) return inCommand;
  return `__fish_seen_subcommand_from ${command}; and not __fish_seen_subcommand_from ${verbs.map(({ name }) => name).join(" ")}`;
}

function flagOptions({ long, short, value, choices, text }: Flag): string {
  const names = [...(short === undefined ? [] : [`-s ${short.slice(1)}`]), `-l ${long.slice(2)}`];
  const values =
    value === undefined
      ? []
      : choices.length > 0
        ? [`-x -a ${quoted(choices.join(" "))}`]
        : value === "file"
          ? ["-r -F"]
          : value === "dir"
            ? ["-x -a '(__fish_complete_directories)'"]
            : ["-x"];
  return [...names, ...values, `-d ${quoted(shortly(text))}`].join(" ");
}

/** A list of candidates has room for a phrase. */
function shortly(text: string): string {
  return text.split(/[;:(]/)[0]?.trim() ?? text;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
