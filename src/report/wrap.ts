import { stripVTControlCharacters } from "node:util";

/**
 * A text as lines of a width, the first behind `first`, the others behind `indent`. A word that is longer than a line, such as
 * a path, stays whole, so that it can be copied. Colours take no room.
 */
export function wrap(first: string, text: string, width: number, indent = " ".repeat(widthOf(first))): string[] {
  const lines: string[] = [];
  let line = first;
  let isBlank = true;
  for (const word of text.split(" ")) {
    if (!isBlank && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = indent;
      isBlank = true;
    }
    line += isBlank ? word : ` ${word}`;
    isBlank = false;
  }
  return [...lines, line];
}

function widthOf(text: string): number {
  return stripVTControlCharacters(text).length;
}
