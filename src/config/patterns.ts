const longestPattern = 500;

/**
 * Why a regular expression of the configuration cannot be used; undefined when it can.
 *
 * A log is matched line by line without a time limit, so a pattern that takes exponential time would hang a cron run.
 * Refused: more than 500 characters, a match on nothing at all, and a repeated group with a repetition of open length inside, such as `(a+)+`,
 * `(\w*,)*` or `(a{1,9}b)+`. This is a check of form: it refuses a few harmless patterns, and does not see
 * alternatives that overlap, such as `(a|a)*`.
 */
export function refusePattern(pattern: string): string | undefined {
  if (pattern.length > longestPattern) return `expected a pattern of at most ${longestPattern} characters`;
  try {
    // `.*` or an empty entry under `ignore` would silence every line.
    if (new RegExp(pattern).test("")) return "expected a pattern that does not match every line";
  } catch {
    return "expected a valid regular expression";
  }
  return hasNestedRepetition(pattern)
    ? "expected a pattern without a repetition inside a repeated group, such as (a+)+"
    : undefined;
}

/** An escape, a character class, the head of a group, its end, or any other character. */
const token = /\\.|\[(?:\\.|[^\]\\])*\]|\((?:\?(?:<?[=!]|:|<[^>]*>))?|\)|./gs;
const quantifier = /[*+]|\{(\d+)(?:(,)(\d*))?\}/y;

function hasNestedRepetition(pattern: string): boolean {
  // One entry for each open group, the whole pattern first: does it hold a repetition of open length?
  const open: boolean[] = [false];
  token.lastIndex = 0;
  for (let match = token.exec(pattern); match !== null; match = token.exec(pattern)) {
    const text = match[0];
    if (text.startsWith("(")) {
      open.push(false);
      continue;
    }
    const inner = text === ")" ? (open.pop() ?? false) : false;
    quantifier.lastIndex = token.lastIndex;
    const [repeat, least, comma, most] = quantifier.exec(pattern) ?? [];
    if (repeat !== undefined) token.lastIndex = quantifier.lastIndex;
    const repeated = repeat !== undefined && !["{0}", "{1}", "{0,1}", "{1,1}"].includes(repeat);
    if (repeated && inner) return true;
    const openLength = repeated && (least === undefined || (comma !== undefined && most !== least));
    if (inner || openLength) open[open.length - 1] = true;
  }
  return false;
}
