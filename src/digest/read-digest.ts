import { HEADINGS, type Kept, OPENING, type Request, type Todo, UNKNOWN_TIME } from "./kept.ts";

const TODO = /^- \[([^\]]*)\] (?:#(\S+) )?(.*)$/;
const TIME = /^At (\S+):$/;

/**
 * Takes a digest that was made before apart again, so that the next one holds what it held and not itself. All text that is
 * not ours stands behind a mark, so none of it passes for a heading.
 *
 * @returns undefined for any other text
 */
export function readDigest(text: string): Kept | undefined {
  if (!text.startsWith(OPENING)) return undefined;
  const parts = sectionsOf(text);
  const quoted = parts.get(HEADINGS.summary) ?? parts.get(HEADINGS.writtenSummary);
  const summary = quoted === undefined ? "" : unquote(quoted).join("\n");
  return {
    ...(summary === "" ? {} : { summary }),
    todos: (parts.get(HEADINGS.todos) ?? []).flatMap(todoOf),
    files: (parts.get(HEADINGS.files) ?? []).flatMap((line) => (line.startsWith("- ") ? [line.slice(2)] : [])),
    requests: requestsOf(parts.get(HEADINGS.requests) ?? []),
  };
}

function sectionsOf(text: string): Map<string, string[]> {
  const known = new Set<string>(Object.values(HEADINGS));
  const sections = new Map<string, string[]>();
  let lines: string[] = [];
  for (const line of text.split("\n")) {
    if (known.has(line)) {
      lines = [];
      sections.set(line, lines);
    } else lines.push(line);
  }
  return sections;
}

function todoOf(line: string): Todo[] {
  const [, status, id, text] = TODO.exec(line) ?? [];
  if (status === undefined || text === undefined) return [];
  return [{ ...(id === undefined ? {} : { id }), status, text }];
}

function requestsOf(lines: readonly string[]): Request[] {
  const requests: { at: string | undefined; lines: string[] }[] = [];
  for (const line of lines) {
    const at = TIME.exec(line)?.[1];
    if (at !== undefined || line === UNKNOWN_TIME) requests.push({ at, lines: [] });
    else requests.at(-1)?.lines.push(line);
  }
  return requests.map(({ at, lines }) => ({ ...(at === undefined ? {} : { at }), text: unquote(lines).join("\n") }));
}

function unquote(lines: readonly string[]): string[] {
  return lines.filter((line) => line.startsWith(">")).map((line) => line.replace(/^> ?/, ""));
}
