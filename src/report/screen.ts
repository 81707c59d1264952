import type { styleText } from "node:util";
import { hanging } from "./wrap.ts";

export type Style = Parameters<typeof styleText>[0];

/** Colours a text, where the screen takes colours. */
export type Paint = (style: Style, text: string) => string;

/** A name as it may stand on a screen: what would move the cursor or change colours is shown, not done. */
export function shown(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return name.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) =>
    character < " "
      ? JSON.stringify(character).slice(1, -1)
      : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** As a word of a shell. */
export function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}

/** A line of what was found or done, behind a word that says which. */
export function labelled(label: string, text: string, style: Style, paint: Paint): string {
  return `${hanging(`    ${paint(style, label.padEnd(6))} `)}${text}`;
}

/** Rows as lines with their cells one below the other; the columns named in `right` end in line, the others begin so. */
export function layOut(rows: readonly (readonly string[])[], right: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
