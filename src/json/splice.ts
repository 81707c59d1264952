/** One exact edit of a text: at this offset (in characters of the text before) stands `remove`; `insert` takes its place. */
export type Splice = { at: number; remove: string; insert: string };

/** A text that isn't the one the splices were made for. */
export class SpliceMismatchError extends Error {
  readonly at: number;

  constructor(at: number) {
    super(`the text at offset ${at} is not what the edit was made for`);
    this.name = "SpliceMismatchError";
    this.at = at;
  }
}

/**
 * Applies splices, sorted by offset and apart from one another, to the very text they were made for.
 *
 * @throws SpliceMismatchError when what would be removed doesn't stand there, or the splices overlap
 */
export function applySplices(text: string, splices: readonly Splice[]): string {
  const parts: string[] = [];
  let done = 0;
  for (const { at, remove, insert } of splices) {
    if (at < done || at > text.length || !text.startsWith(remove, at)) throw new SpliceMismatchError(at);
    parts.push(text.slice(done, at), insert);
    done = at + remove.length;
  }
  parts.push(text.slice(done));
  return parts.join("");
}

/** The splices that turn the edited text back into the one before: what an undo applies, days later and proven to fit. */
export function invertSplices(splices: readonly Splice[]): Splice[] {
  let shift = 0;
  return splices.map(({ at, remove, insert }) => {
    const inverse = { at: at + shift, remove: insert, insert: remove };
    shift += insert.length - remove.length;
    return inverse;
  });
}
