import { cutToFit, encodedBytes, wellFormed } from "./encoded-text.ts";
import { HEADINGS, type Kept, OPENING, type Request, type Todo, UNKNOWN_TIME } from "./kept.ts";
import { type Section, shareOut } from "./share-out.ts";

export type DigestWords = {
  /** file name of the archive that holds the whole conversation */
  archive: string;
  /** changed files, in the order in which that happened */
  files: readonly string[];
  /** what an outside command wrote; takes the place of the last compaction's summary */
  summarizedBy?: string;
};

const BREAK = "\n\n";
const NEWLINE_BYTES = 2;
/** A piece of text that is shorter tells nothing. */
const SHORTEST_BYTES = 24;
/** How the room is shared out while each could use more. */
const WEIGHTS = { summary: 8, requests: 6, todos: 3, files: 3 };

/**
 * The text that stands for a conversation from now on: what was kept of it, word for word, for the model to read. The same
 * facts give the same text, and no half of a character is in it.
 *
 * @param limitBytes what the text may take within JSON, escapes included and the quotes around it not
 */
export function composeDigest(
  facts: Kept,
  { archive, files, limitBytes, ...rest }: DigestWords & { limitBytes: number },
) {
  const opening = wellFormed(
    `${OPENING} All of it until then is in the archive ${onOneLine(archive)}. ` +
      "What follows was taken from it word for word; … marks what was left out.",
  );
  const sections = [
    summarySection(facts.summary, rest.summarizedBy),
    todoSection(facts.todos),
    fileSection([...new Set([...facts.files, ...files])]),
    requestSection(facts.requests),
  ].filter((section) => section !== undefined);
  const roomBytes = limitBytes - encodedBytes(opening);
  if (roomBytes < 0) return cutToFit(opening, limitBytes);
  const breakBytes = encodedBytes(BREAK);
  const shares = shareOut(sections, roomBytes - sections.length * breakBytes);
  const texts = sections.map((section, index) => section.render(shares[index] ?? 0)).filter((text) => text !== "");
  return [opening, ...texts].join(BREAK);
}

function summarySection(kept: string | undefined, written: string | undefined): Section | undefined {
  const summary = written?.trim() ? written : kept;
  if (!summary?.trim()) return undefined;
  const heading = summary === kept ? HEADINGS.summary : HEADINGS.writtenSummary;
  const text = `${heading}\n${quote(summary)}`;
  const leastBytes = encodedBytes(heading) + SHORTEST_BYTES;
  return {
    weight: WEIGHTS.summary,
    wholeBytes: encodedBytes(text),
    render: (roomBytes) => (roomBytes < Math.min(leastBytes, encodedBytes(text)) ? "" : cutToFit(text, roomBytes)),
  };
}

function todoSection(todos: readonly Todo[]): Section | undefined {
  const lines = todos.map(({ id, status, text }) => `- [${status}] ${id === undefined ? "" : `#${id} `}${text}`);
  return listSection(HEADINGS.todos, WEIGHTS.todos, lines, "first");
}

function fileSection(files: readonly string[]): Section | undefined {
  const lines = files.map((path) => `- ${path}`);
  return listSection(HEADINGS.files, WEIGHTS.files, lines, "last");
}

/** @param side where the lines stand that matter most */
function listSection(heading: string, weight: number, items: string[], side: "first" | "last"): Section | undefined {
  if (items.length === 0) return undefined;
  const lines = items.map((item) => wellFormed(onOneLine(item)));
  const whole = [heading, ...lines].join("\n");
  const moreOf = (count: number) => `(${count} more in the archive)`;
  const render = (roomBytes: number) => {
    if (encodedBytes(whole) <= roomBytes) return whole;
    let leftBytes = roomBytes - encodedBytes(`${heading}\n${moreOf(lines.length)}`);
    const chosen: string[] = [];
    for (const line of side === "first" ? lines : lines.toReversed()) {
      const bytes = encodedBytes(line) + NEWLINE_BYTES;
      if (bytes > leftBytes) {
        if (chosen.length === 0 && leftBytes >= SHORTEST_BYTES) chosen.push(cutToFit(line, leftBytes - NEWLINE_BYTES));
        break;
      }
      chosen.push(line);
      leftBytes -= bytes;
    }
    if (chosen.length === 0) return "";
    const count = lines.length - chosen.length;
    const more = count > 0 ? [moreOf(count)] : [];
    return [heading, ...(side === "first" ? [...chosen, ...more] : [...more, ...chosen.toReversed()])].join("\n");
  };
  return { weight, wholeBytes: encodedBytes(whole), render };
}

function requestSection(requests: readonly Request[]): Section | undefined {
  if (requests.length === 0) return undefined;
  const entries = requests.map(({ at, text }) => {
    const time = at === undefined ? UNKNOWN_TIME : `At ${at}:`;
    return { text: `${time}\n${quote(text)}`, leastBytes: encodedBytes(time) + SHORTEST_BYTES };
  });
  const sizes = entries.map(({ text }) => encodedBytes(text) + NEWLINE_BYTES);
  const render = (roomBytes: number) => {
    let leftBytes = roomBytes - encodedBytes(HEADINGS.requests);
    const chosen: string[] = [];
    // the newest first: it gets what the older ones leave, and half of the room in any case
    for (const [index, { text, leastBytes }] of [...entries.entries()].toReversed()) {
      const olderBytes = sizes.slice(0, index).reduce((sum, bytes) => sum + bytes, 0);
      const neededBytes = Math.min(leastBytes, encodedBytes(text)) + NEWLINE_BYTES;
      if (leftBytes < neededBytes) break;
      const grantedBytes = Math.max(Math.floor(leftBytes / 2), leftBytes - olderBytes, neededBytes);
      const fitting = cutToFit(text, grantedBytes - NEWLINE_BYTES);
      chosen.unshift(fitting);
      leftBytes -= encodedBytes(fitting) + NEWLINE_BYTES;
    }
    return chosen.length === 0 ? "" : [HEADINGS.requests, ...chosen].join("\n");
  };
  const wholeBytes = sizes.reduce((sum, bytes) => sum + bytes, encodedBytes(HEADINGS.requests));
  return { weight: WEIGHTS.requests, wholeBytes, render };
}

/** Behind a mark on each line, no text passes for a heading of ours. */
function quote(text: string): string {
  return wellFormed(text)
    .split("\n")
    .map((line) => `> ${line}`)
    .join("\n");
}

function onOneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ");
}
