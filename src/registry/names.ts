/** Longer than any path. */
const MOST_CHARACTERS = 4096;
const QUOTE = '"';
/** What stands between two values, not in one. */
const BETWEEN = /^[\s,:{}[\]]*$/;

/**
 * The ids and file names in a JSON text; of a path its last part. They are what stands between any two quotes: every text that
 * has no escapes, as ids and paths have none, is among it. Which quote opens and which closes does not matter then, and one that
 * is escaped, or damage, hides nothing of what follows.
 */
export function* namesIn(text: string): Generator<string> {
  for (let at = text.indexOf(QUOTE); at >= 0; ) {
    const end = text.indexOf(QUOTE, at + 1);
    if (end < 0) return;
    if (end - at <= MOST_CHARACTERS && text[end - 1] !== "\\") {
      const value = text.slice(at + 1, end);
      if (!BETWEEN.test(value)) yield value.slice(Math.max(value.lastIndexOf("/"), value.lastIndexOf("\\")) + 1);
    }
    at = end;
  }
}

/** Whether a JSON text mentions one of these ids and file names. */
export function mentionsAny(text: string, names: ReadonlySet<string>): boolean {
  for (const name of namesIn(text)) if (names.has(name)) return true;
  return false;
}
