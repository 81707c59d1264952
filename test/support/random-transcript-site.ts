import type { Random } from "./random.ts";
import { links, type RandomTranscript, type TranscriptRow } from "./random-transcript.ts";

/** A line, as it stands in the damaged file and as a repair must leave it; undefined: not at all. */
export type Entry = {
  /** the healthy row; none where a fault put something in */
  row?: TranscriptRow;
  damaged: string | undefined;
  repaired: string | undefined;
  /** no newline stands behind it */
  isGlued?: boolean;
  findings: { kind: string; ids: string[] }[];
};

/** A turn that nothing else touches, nor the turn before and the one after the next. */
export type Site = {
  transcript: RandomTranscript;
  entries: Entry[];
  /** the turn's rows on the way to the last row */
  path: Entry[];
  /** the row that begins the next turn */
  next: Entry;
};

/** `inject` returns false, and does nothing, where the turn has no place for such a fault. */
export type FaultKind = { name: string; inject: (site: Site, random: Random) => boolean };

export const text = (row: TranscriptRow) => JSON.stringify(row);
export const idOf = ({ transcript }: Site, { row }: Entry) => String(row?.[links[transcript.dialect].id]);
export const parentOf = ({ transcript }: Site, { row }: Entry) => row?.[links[transcript.dialect].parent];

/** The row as JSON, hung on another one. */
export function hungOn({ transcript }: Site, { row }: Entry, parent: unknown): string {
  return text({ ...row, [links[transcript.dialect].parent]: parent });
}

/** The blocks of a row's message; none when it is a text. */
export function contentOf({ row }: Entry): TranscriptRow[] {
  const { content } = (row?.message ?? {}) as TranscriptRow;
  return Array.isArray(content) ? content : [];
}

/** Calls or results of a row, by the ids of the calls. */
export function idsIn({ row }: Entry): { calls: string[]; results: string[] } {
  const message = (row?.message ?? {}) as TranscriptRow;
  const blocks = (Array.isArray(message.content) ? message.content : []) as TranscriptRow[];
  const calls = blocks.filter(({ type }) => /^(?:tool_use|server_tool_use|toolCall)$/.test(String(type)));
  const results = blocks.flatMap(({ tool_use_id }) => tool_use_id ?? []);
  return {
    calls: calls.map(({ id }) => String(id)),
    results: [...results, message.toolCallId ?? []].flat().map(String),
  };
}

/** Puts a row between the turn and the next one, which then hangs on it. A repair takes it out again. */
export function putOnPath(site: Site, id: string, row: TranscriptRow, kind: string, ids: string[]): boolean {
  const end = site.path.at(-1);
  if (!end || parentOf(site, site.next) !== idOf(site, end)) return false;
  putBefore(site, site.next, { damaged: text(row), repaired: undefined, findings: [{ kind, ids }] });
  site.next.damaged = hungOn(site, site.next, id);
  return true;
}

export function putBefore({ entries }: Site, entry: Entry, ...added: Entry[]): void {
  entries.splice(entries.indexOf(entry), 0, ...added);
}

export function putAfter({ entries }: Site, entry: Entry, ...added: Entry[]): void {
  entries.splice(entries.indexOf(entry) + 1, 0, ...added);
}

/** The row that hangs on this one on the way to the last row. */
export function after(site: Site, entry: Entry): Entry | undefined {
  const next = site.path[site.path.indexOf(entry) + 1] ?? site.next;
  return parentOf(site, next) === idOf(site, entry) ? next : undefined;
}

/** True when no line but its own and these name the row. */
export function isNamedOnlyIn(site: Site, entry: Entry, others: readonly Entry[]): boolean {
  const id = `"${idOf(site, entry)}"`;
  return site.entries.every((one) => one === entry || others.includes(one) || !one.damaged?.includes(id));
}

/** A call alone in its row and its result alone in the next one, which nothing else names. */
export function loneCalls(site: Site): { call: Entry; result: Entry; child: Entry; id: string }[] {
  return site.path.flatMap((call) => {
    const [id, ...others] = idsIn(call).calls;
    const result = after(site, call);
    const child = result && after(site, result);
    if (id === undefined || others.length > 0 || idsIn(call).results.length > 0 || !child) return [];
    const isAnswer = idsIn(result).results.join() === id && idsIn(result).calls.length === 0;
    const isPlain = contentOf(result).length === 1;
    const isAlone = isNamedOnlyIn(site, call, [result]) && isNamedOnlyIn(site, result, [child]);
    return isAnswer && isPlain && isAlone ? [{ call, result, child, id }] : [];
  });
}

/** The lines from the beginning of the turn up to the next one, of whatever kind. */
export const linesOf = ({ entries, path, next }: Site) =>
  entries.slice(entries.indexOf(path[0] as Entry), entries.indexOf(next));

/** The nearest row before this one that belongs to the tree and to the main line. */
export function rowBefore({ entries, transcript }: Site, entry: Entry): Entry | undefined {
  const { id } = links[transcript.dialect];
  return entries
    .slice(0, entries.indexOf(entry))
    .findLast(({ row }) => row?.[id] !== undefined && row.isSidechain !== true && row.type !== "session");
}
