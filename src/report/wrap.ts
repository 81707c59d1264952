import { stripVTControlCharacters } from "node:util";

/** Stands for a blank at which no line may be broken. From Unicode's private area: no text of ours holds it. */
const KEPT_BLANK = "\ue000";
/** Stands where the further lines of a long one begin. */
const HANG = "\ue001";

/** A command of ours in a sentence, up to where the sentence goes on: words in small letters only where a command has them. */
const COMMAND =
  /session-keeper [a-z-]+(?:(?<=restore|setup|explain|help) [a-z-]+)?(?: (?:-{1,2}[a-z-]+|'[^']*'|[A-Z][A-Z_]+\b|(?<=--(?:session|strategy|reason|sample|since|segment|inactive-for|to|config|installation|[a-z]+-(?:home|dir)) )[^\s;,)]*[^\s;,.)]))*/g;

/** The commands of ours that a text names. */
export function commandsIn(text: string): string[] {
  return [...text.matchAll(COMMAND)].map(([command]) => command);
}

/** A text that stays in one piece, such as a path: it can be marked and copied. */
export function keptWhole(text: string): string {
  return text.replaceAll(" ", KEPT_BLANK);
}

/** What comes before the text of a line: where that is too long, its further lines begin below the text. */
export function hanging(before: string): string {
  return `${before}${HANG}`;
}

/**
 * A text as lines of a width, the first behind `first`, the others behind `indent`. A word that is longer than a line, such as
 * a path, stays whole, and so does a command of ours, so that it can be copied. Colours take no room.
 */
export function wrap(first: string, text: string, width: number, indent = " ".repeat(widthOf(first))): string[] {
  const lines: string[] = [];
  let line = first;
  let isBlank = true;
  for (const word of text.replace(COMMAND, keptWhole).split(" ")) {
    if (!isBlank && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line);
      line = indent;
      isBlank = true;
    }
    line += isBlank ? word : ` ${word}`;
    isBlank = false;
  }
  return [...lines, line].map((one) => one.replaceAll(KEPT_BLANK, " "));
}

/**
 * A line of the screen, in as many as it takes; the further ones begin where `hanging` says, else two characters behind its
 * own beginning.
 * @param columns undefined: nobody's screen, so that nothing is broken
 */
export function fold(line: string, columns: number | undefined): string[] {
  const plain = (text: string) => text.replaceAll(HANG, "").replaceAll(KEPT_BLANK, " ");
  if (columns === undefined || widthOf(line) <= columns) return [plain(line)];
  const start = /^ */.exec(line)?.[0] ?? "";
  const hang = line.indexOf(HANG);
  const [first, text] = hang < 0 ? [start, line.slice(start.length)] : [line.slice(0, hang), line.slice(hang + 1)];
  const indent = " ".repeat(hang < 0 ? start.length + 2 : widthOf(first));
  return wrap(first, text, Math.max(columns, indent.length + SHORTEST), indent).map(plain);
}

/** On a screen that is narrower still, the terminal breaks lines. */
const SHORTEST = 20;

function widthOf(text: string): number {
  return [...stripVTControlCharacters(text).replaceAll(HANG, "")].length;
}
