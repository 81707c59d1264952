import type { AddedEntryUndo, RegistryUndo, RemovedEntryUndo } from "../apply/undo-data.ts";
import { hashOfText } from "../apply/write-registry.ts";
import { findMembers, JsonTextError } from "../json/json-text.ts";
import { applySplices, invertSplices, SpliceMismatchError } from "../json/splice.ts";
import { blocked, READY, RESTORED, type Standing } from "./standing.ts";

export type EntryUndo = RegistryUndo | RemovedEntryUndo | AddedEntryUndo;

/** `name`: up to where the value begins. `gap`: what stands behind it, up to the next entry or the end of the text. */
type Entry = { name: string; value: string; gap: string; previous: Entry | undefined; next: Entry | undefined };

/**
 * A registry's text, taken apart into its entries once, so that many of them are put back without going through the text for
 * each. Of repeated names, `visible` has the last, which readers see, and `first` the first.
 */
export type Entries = {
  lead: string;
  head: Entry | undefined;
  last: Entry | undefined;
  first: Map<string, Entry>;
  visible: Map<string, Entry>;
  /** what stands behind the opening brace of a registry without entries */
  rest: string;
};

/** @throws JsonTextError for a text that is no object */
export function takeApart(text: string): Entries {
  const { at, members } = findMembers(text);
  const entries: Entries = {
    ...{ lead: text.slice(0, members[0]?.nameAt ?? at + 1), rest: text.slice(at + 1) },
    ...{ head: undefined, last: undefined, first: new Map(), visible: new Map() },
  };
  for (const [index, { name, nameAt, valueAt, valueEnd }] of members.entries()) {
    const gap = text.slice(valueEnd, members[index + 1]?.nameAt);
    const entry = { name: text.slice(nameAt, valueAt), value: text.slice(valueAt, valueEnd), gap };
    append(entries, name, { ...entry, previous: undefined, next: undefined });
  }
  return entries;
}

/** The text of the entries as they stand by now. */
export function joined({ lead, head, rest }: Entries): string {
  if (!head) return lead + rest;
  const parts = [lead];
  for (let entry: Entry | undefined = head; entry; entry = entry.next) parts.push(entry.name, entry.value, entry.gap);
  return parts.join("");
}

/** How an entry stands, wherever in the registry it is by now. */
export function standingIn({ visible }: Entries, undo: EntryUndo): Standing {
  const entry = visible.get(undo.sessionKey);
  if ("added" in undo) {
    if (!entry) return RESTORED;
    return hashOfText(entry.value) === undo.after ? READY : blocked(CHANGED);
  }
  if ("member" in undo) {
    if (!entry) return READY;
    return hashOfText(entry.value) === undo.before ? RESTORED : blocked("an entry of that name stands there by now");
  }
  if (!entry) return blocked("its entry is gone");
  const hash = hashOfText(entry.value);
  if (hash === undo.before) return RESTORED;
  return hash === undo.after && restoredText(entry.value, undo) !== undefined ? READY : blocked(CHANGED);
}

/** Puts an entry back that is ready for that. @returns why not, in words */
export function putEntryBack(entries: Entries, undo: EntryUndo): string | undefined {
  if ("added" in undo) return takeOut(entries, undo.sessionKey);
  if ("member" in undo) return putMemberBack(entries, undo);
  const entry = entries.visible.get(undo.sessionKey);
  const value = entry && restoredText(entry.value, undo);
  if (!entry || value === undefined) return CHANGED;
  entry.value = value;
  return undefined;
}

const CHANGED = "its entry was changed since: a message may have arrived, or the gateway wrote it anew";

/** What stood behind it stands behind the one before it then, if it was the last. */
function takeOut(entries: Entries, key: string): string | undefined {
  const entry = entries.visible.get(key);
  if (!entry || entries.first.get(key) !== entry) return "its name stands there twice";
  const { previous, next } = entry;
  if (previous) previous.next = next;
  else entries.head = next;
  if (next) next.previous = previous;
  else entries.last = previous;
  if (previous && !next) previous.gap = entry.gap;
  if (!previous && !next) {
    entries.lead = entries.lead.trimEnd();
    entries.rest = entry.gap.trimStart();
  }
  entries.first.delete(key);
  entries.visible.delete(key);
  return undefined;
}

/** Those that went together come back in the reverse order: the one that an entry stood before is there again by then. */
function putMemberBack(entries: Entries, undo: RemovedEntryUndo): string | undefined {
  const parts = partsOf(undo);
  if (!parts) return "what the journal holds of its entry is not what was taken out";
  const next = undo.next === null ? undefined : entries.first.get(undo.next);
  const entry: Entry = { ...parts, gap: undo.gap, previous: next?.previous, next };
  if (next) {
    if (next.previous) next.previous.next = entry;
    else entries.head = entry;
    next.previous = entry;
    entries.first.set(undo.sessionKey, entry);
    entries.visible.set(undo.sessionKey, entry);
    return undefined;
  }
  const space = undo.gap.replaceAll(",", "");
  const { last } = entries;
  if (last) {
    entry.gap = last.gap;
    last.gap = `,${space}`;
  } else {
    entry.gap = `${space.includes("\n") ? "\n" : ""}${entries.rest.trimStart()}`;
    entries.lead += space;
  }
  append(entries, undo.sessionKey, entry);
  return undefined;
}

function append(entries: Entries, name: string, entry: Entry): void {
  entry.previous = entries.last;
  if (entries.last) entries.last.next = entry;
  else entries.head = entry;
  entries.last = entry;
  if (!entries.first.has(name)) entries.first.set(name, entry);
  entries.visible.set(name, entry);
}

/** The name and the value of an entry that was taken out; undefined where they are not what the journal says they are. */
function partsOf({ member, sessionKey, before }: RemovedEntryUndo): Pick<Entry, "name" | "value"> | undefined {
  try {
    const text = `{${member}}`;
    const { members } = findMembers(text);
    const own = members[0];
    if (!own || members.length > 1 || own.name !== sessionKey) return undefined;
    const value = text.slice(own.valueAt, own.valueEnd);
    return hashOfText(value) === before ? { name: text.slice(own.nameAt, own.valueAt), value } : undefined;
  } catch (error) {
    if (error instanceof JsonTextError) return undefined;
    throw error;
  }
}

/** The entry's text as it was; undefined where the edit does not lead back to it. */
function restoredText(entry: string, { at, splices, before }: RegistryUndo): string | undefined {
  try {
    const inverse = invertSplices(splices).map((splice) => ({ ...splice, at: splice.at - at }));
    const text = applySplices(entry, inverse);
    return hashOfText(text) === before ? text : undefined;
  } catch (error) {
    if (error instanceof SpliceMismatchError) return undefined;
    throw error;
  }
}
