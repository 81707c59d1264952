import type { Flag, Place } from "./places.ts";

/** What zsh completes, by its own means (`_arguments`, `_describe`). */
export function completionForZsh(
  places: readonly Place[],
  everywhere: readonly Flag[],
  kinds: readonly string[],
): string {
  const tops = places.filter(({ words }) => !words.includes(" "));
  return `#compdef session-keeper
# zsh completion for session-keeper. For this shell, after compinit:  eval "$(session-keeper setup completion zsh)"
# For good:  session-keeper setup completion zsh > DIR/_session-keeper, with DIR in fpath before compinit runs

_session_keeper_commands() {
  local -a names=(
${tops.map(({ words, summary }) => `    ${described(words, summary)}`).join("\n")}
  )
  _describe -t commands command names
}

_session_keeper() {
  local -a everywhere=(
${everywhere.map((flag) => `    ${specOf(flag)}`).join("\n")}
    '(- *)'{-h,--help}'[display help]'
  )
  if (( CURRENT == 2 )); then
    local -a more=('help:tell more of a command')
    if [[ $words[2] == -* ]]; then
      _arguments '(- *)'{-h,--help}'[display help]' '(- *)'{-V,--version}'[output the version number]'
    else
      _session_keeper_commands
      _describe -t more more more
    fi
    return
  fi
  if [[ $words[2] == help ]]; then
    shift words; (( CURRENT-- ))
    if (( CURRENT == 2 )); then _session_keeper_commands; return; fi
    if (( CURRENT > 3 )); then return; fi
  fi
  local place=$words[2]
  shift words; (( CURRENT-- ))
  case $place in
${tops
  .filter(({ verbs }) => verbs.length > 0)
  .map(
    ({ words, verbs }) => `    ${words})
      if (( CURRENT == 2 )); then
        local -a verbs=(
${verbs.map(({ name, summary }) => `          ${described(name, summary)}`).join("\n")}
        )
        _describe -t verbs verb verbs
        return
      fi
      place="$place $words[2]"
      shift words; (( CURRENT-- )) ;;`,
  )
  .join("\n")}
  esac
  case $place in
${places
  .filter(({ verbs }) => verbs.length === 0)
  .map(
    (place) => `    ${place.words.includes(" ") ? `'${place.words}'` : place.words})
      _arguments -s $everywhere${[...place.flags.map(specOf), ...argumentsOf(place, kinds)].map((spec) => ` \\\n        ${spec}`).join("")} ;;`,
  )
  .join("\n")}
  esac
}

if [[ \${funcstack[1]} == _session-keeper ]]; then _session_keeper "$@"; else compdef _session_keeper session-keeper; fi
`;
}

function argumentsOf({ takes, argument }: Place, kinds: readonly string[]): string[] {
  const name = (argument?.name ?? "").replace(/[^\w-]/g, "");
  if (takes === "files") return [`'*:${name}:_files'`];
  const words = takes === "kinds" ? kinds : takes;
  if (words.length > 0) return [`'1:${name}:(${words.join(" ")})'`];
  return argument ? [`'1:${name}: '`] : [];
}

function specOf({ long, short, value, choices, isRepeatable, text }: Flag): string {
  const tail = `[${shortly(text)}]${value === undefined ? "" : `:${value}:${valuesOf(value, choices)}`}`;
  const star = isRepeatable ? "*" : "";
  if (short === undefined) return quoted(`${star}${long}${tail}`);
  const others = isRepeatable ? "*" : `(${short} ${long})`;
  return `${quoted(others)}{${short},${long}}${quoted(tail)}`;
}

function valuesOf(value: string, choices: readonly string[]): string {
  if (choices.length > 0) return `(${choices.join(" ")})`;
  return value === "file" ? "_files" : value === "dir" ? "_files -/" : " ";
}

function described(name: string, summary: string): string {
  return quoted(`${name}:${shortly(summary)}`);
}

/** A list of candidates has room for a phrase; brackets and colons have a meaning of their own there. */
function shortly(text: string): string {
  return (text.split(/[;:(]/)[0]?.trim() ?? text).replace(/[[\]\\:]/g, "");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
