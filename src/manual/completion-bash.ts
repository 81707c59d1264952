import type { Flag, Place } from "./places.ts";

/** What bash completes. It needs nothing but bash itself, from 4.0 on. */
export function completionForBash(
  places: readonly Place[],
  everywhere: readonly Flag[],
  kinds: readonly string[],
): string {
  const tops = places.filter(({ words }) => !words.includes(" "));
  const withVerbs = tops.filter(({ verbs }) => verbs.length > 0).map(({ words }) => words);
  return `# bash completion for session-keeper. For this shell:  eval "$(session-keeper setup completion bash)"
# For good:  session-keeper setup completion bash > ~/.local/share/bash-completion/completions/session-keeper

_session_keeper_offer() { # words that begin as the one that is typed
  local word
  for word in $1; do
    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$word"); fi
  done
}

_session_keeper_files() { # -f: files, -d: folders
  compopt -o filenames 2>/dev/null
  local name
  while IFS= read -r name; do COMPREPLY+=("$name"); done < <(compgen "$1" -- "$cur")
}

_session_keeper() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} at=1
  COMPREPLY=()
  if [[ \${COMP_WORDS[1]} == help ]]; then at=2; fi
  if (( COMP_CWORD == at )); then
    _session_keeper_offer '${tops.map(({ words }) => words).join(" ")}'
    if (( at == 1 )); then _session_keeper_offer 'help --help --version'; fi
    return
  fi
  local place=\${COMP_WORDS[at]}
  case $place in
    ${withVerbs.join("|")})
      if (( COMP_CWORD == at + 1 )); then
        case $place in
${tops
  .filter(({ verbs }) => verbs.length > 0)
  .map(
    ({ words, verbs }) =>
      `          ${words}) _session_keeper_offer '${verbs.map(({ name }) => name).join(" ")} --help' ;;`,
  )
  .join("\n")}
        esac
        return
      fi
      place="$place \${COMP_WORDS[at+1]}" ;;
  esac
  if (( at == 2 )); then return; fi

  case "$place $prev" in
${[...places.flatMap(({ words, flags }) => flags.map((flag) => valueCase(`'${words} `, flag))), ...everywhere.map((flag) => valueCase("*' ", flag))].filter((line) => line !== "").join("\n")}
  esac

  case $place in
${places
  .filter(({ verbs }) => verbs.length === 0)
  .map((place) => placeCase(place, kinds))
  .join("\n")}
  esac
  if [[ $cur == -* ]]; then _session_keeper_offer '${everywhere.flatMap(spellings).join(" ")} --help'; fi
}

complete -F _session_keeper session-keeper
`;
}

function valueCase(before: string, { long, short, value, choices }: Flag): string {
  if (value === undefined) return "";
  const patterns = [long, ...(short === undefined ? [] : [short])].map((name) => `${before}${name}'`);
  const offer =
    choices.length > 0
      ? `_session_keeper_offer '${choices.join(" ")}'`
      : value === "dir"
        ? "_session_keeper_files -d"
        : value === "file"
          ? "_session_keeper_files -f"
          : ":";
  return `    ${patterns.join("|")}) ${offer}; return ;;`;
}

function placeCase({ words, flags, takes }: Place, kinds: readonly string[]): string {
  const names = flags.flatMap(spellings).join(" ");
  const others =
    takes === "files"
      ? "_session_keeper_files -f"
      : `_session_keeper_offer '${(takes === "kinds" ? kinds : takes).join(" ")}'`;
  return `    '${words}')
      if [[ $cur == -* ]]; then _session_keeper_offer '${names}'; else ${others}; fi ;;`;
}

function spellings({ long, short }: Flag): string[] {
  return short === undefined ? [long] : [long, short];
}
