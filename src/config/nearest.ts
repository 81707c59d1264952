/** The word with the smallest edit distance to `word`, the first of several; undefined when there are no words. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of words) {
    const distance = editDistance(word, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** How many letters must be added, dropped or replaced; a letter in the wrong case counts half. */
export function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      current.push(
        Math.min(
          (previous[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (previous[column - 1] ?? 0) + replacementCost(from.charAt(row - 1), to.charAt(column - 1)),
        ),
      );
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}

function replacementCost(from: string, to: string): number {
  if (from === to) return 0;
  return from.toLowerCase() === to.toLowerCase() ? 0.5 : 1;
}
