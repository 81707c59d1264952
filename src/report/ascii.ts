/** What signs of ours look like where there are only the 95 of ASCII; of one character each, where columns have to stay. */
const SPELT: Record<string, string> = {
  "…": "...",
  "“": '"',
  "”": '"',
  "‘": "'",
  "’": "'",
  "–": "-",
  "—": "-",
  "→": ">",
  "•": "*",
  "·": ".",
  "×": "x",
  "≥": ">=",
  "≤": "<=",
  "─": "-",
  "│": "|",
  "█": "#",
  "▉": "#",
  "▊": "#",
  "▋": "#",
  "▌": "=",
  "▍": "=",
  "▎": "-",
  "▏": "-",
  "░": ".",
  "▒": ":",
  "▓": "%",
  "▁": "_",
  "▂": "_",
  "▃": "-",
  "▄": "-",
  "▅": "=",
  "▆": "=",
  "▇": "#",
};

/** The environment's word on how text is encoded; nothing at all means the C locale, as under cron. */
export function speaksUtf8({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}

/**
 * A text of ours in ASCII. What is not ours, such as the letters of a path, is shown by number where a person reads it on a
 * terminal that would garble it; elsewhere it stays as it is, so that it still names the file.
 */
export function toAscii(text: string, isTerminal: boolean): string {
  return text.replace(NOT_ASCII, (character) => {
    const spelt = SPELT[character];
    if (spelt !== undefined || !isTerminal) return spelt ?? character;
    return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/** `wrap.ts` marks texts with private signs, which are gone before anybody reads them. */
const NOT_ASCII = /[\u{80}-\u{dfff}\u{e002}-\u{10ffff}]/gu;
