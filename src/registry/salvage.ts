import { BYTE_ORDER_MARK, endBeforeNuls, toByteText } from "./byte-text.ts";
import { type EntryPlaces, findEntryPlaces, looksLikeEntry } from "./entry-places.ts";
import { skipJson5Space } from "./json5-value.ts";
import { fieldsOf, readField, readMember } from "./read-member.ts";
import { settleRepeatedFields } from "./repeated-fields.ts";
import { type LostMember, type SavedMember, type SavedParts, salvageBroken } from "./salvage-broken.ts";
import { type Walk, walkDocument } from "./walk-document.ts";

/** An entry that stands in the text whole. */
export type SalvagedEntry = {
  key: string;
  /** Its value: the very characters of the file, as far as they are JSON. */
  text: string;
  fromByte: number;
  toByte: number;
  /** Some of its bytes are no UTF-8 and were replaced; or damage beside it may be a part of it. */
  doubt?: "replaced-characters" | "may-lack-fields";
};

/** What could not be saved. */
export type LostPart = {
  /** Absent when it can't be told whose it was. */
  key?: string;
  fromByte: number;
  /** Exclusive. */
  toByte: number;
  /** `broken`; or a reader would take another entry of the same key, or another field of the same name in the entry. */
  why: "broken" | "repeated-key" | "repeated-fields";
};

export type Salvage = {
  /** Each key once, in the order of the text. */
  entries: SalvagedEntry[];
  lost: LostPart[];
  /** The text is one whole document: nothing of it is missing. */
  isWhole: boolean;
};

/**
 * Saves every entry that stands whole in the text of a registry: from one that ends early or is filled with NULs, from several
 * behind one another, from JSON5, from behind damage where it is certain what begins there. Time and memory grow with the
 * text, whatever it holds; deep nesting does no harm.
 *
 * @param bytes no more than fit into a string
 */
export function salvageRegistry(bytes: Buffer): Salvage {
  const whole = toByteText(bytes);
  const text = whole.slice(0, endBeforeNuls(whole));
  const parts: SavedParts = { saved: [], lost: [] };
  let documents = 0;
  let isClosed = false;
  let at = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  for (at = skipJson5Space(text, at) ?? at; at < text.length; documents += 1) {
    const document = text.slice(at);
    const walk = walkDocument(document, 0);
    const end = skipJson5Space(document, walk.end) ?? document.length;
    isClosed = walk.state === "closed" && (end >= document.length || document[end] === "{");
    const read = isClosed ? all(walk, documents) : salvageDocument(document, walk, documents);
    // One by one: there may be more of them than a call takes arguments.
    for (const member of read.saved) parts.saved.push(moved(member, at));
    for (const member of read.lost) parts.lost.push(moved(member, at));
    at += isClosed ? end : document.length;
  }
  return settle(parts, documents === 1 && isClosed);
}

/** A document that isn't closed, or has something behind it that is none. */
function salvageDocument(document: string, walk: Walk, run: number): SavedParts {
  const found = findEntryPlaces(document);
  if (walk.state === "cut" && !isSwallowing(document, walk, found)) return all(walk, run, document.length);
  // Damage may make new runs; so that they can't be those of another document, there is none behind this one.
  return salvageBroken(document, found, run);
}

/** Whether an entry has others within it, because its end is damaged. */
function isSwallowing(document: string, walk: Walk, { places }: EntryPlaces): boolean {
  const starts = new Set(walk.members.map(({ at }) => at));
  if (walk.broken) starts.add(walk.broken.at);
  return places.some((at, index) => {
    if (starts.has(at)) return false;
    const member = readMember(document.slice(at, places[index + 1]), 0);
    return !("failedAt" in member) && looksLikeEntry(member);
  });
}

function all({ members, broken }: Walk, run: number, end = 0): SavedParts {
  const lost = broken ? [{ ...(broken.key !== undefined && { key: broken.key }), at: broken.at, end }] : [];
  return { saved: members.map((member) => ({ ...member, run, isDoubtful: false })), lost };
}

function moved<T extends { at: number; end: number }>(member: T, by: number): T {
  return { ...member, at: member.at + by, end: member.end + by };
}

/** One entry for each key, one field for each name. */
function settle({ saved, lost }: SavedParts, isDocument: boolean): Salvage {
  const chosen = new Map<string, SavedMember>();
  const parts: LostPart[] = lost.map((part) => describeLost(part, "broken"));
  for (const member of saved) {
    const before = chosen.get(member.key);
    const isBetter = before === undefined || isToBeTaken(member, before);
    if (before) parts.push(describeLost(isBetter ? before : member, "repeated-key"));
    if (isBetter) chosen.set(member.key, member);
  }
  const entries = [...chosen.values()].map((member) => {
    const { json, dropped } = settleRepeatedFields(member.json);
    if (dropped > 0) parts.push(describeLost(member, "repeated-fields"));
    return describe(member, json);
  });
  return {
    entries,
    lost: parts.sort((a, b) => a.fromByte - b.fromByte),
    isWhole: isDocument && lost.length === 0,
  };
}

/**
 * In one run, readers take the last. Otherwise it is the newer one, or the first: what is written in place over a longer text
 * leaves the end of the old one behind it.
 */
function isToBeTaken(member: SavedMember, before: SavedMember): boolean {
  if (member.run === before.run) return true;
  if (isUnsure(member) !== isUnsure(before)) return isUnsure(before);
  return updatedAtOf(member) > updatedAtOf(before);
}

function isUnsure({ isDoubtful, isReplaced }: SavedMember): boolean {
  return isDoubtful || isReplaced;
}

function updatedAtOf({ json }: SavedMember): number {
  const fields = fieldsOf(json);
  const updatedAt = fields && readField(json, fields, "updatedAt");
  return typeof updatedAt === "number" ? updatedAt : 0;
}

function describe({ key, at, end, isDoubtful, isReplaced }: SavedMember, text: string): SalvagedEntry {
  const doubt = isDoubtful ? "may-lack-fields" : isReplaced ? "replaced-characters" : undefined;
  return { key, text, fromByte: at, toByte: end, ...(doubt && { doubt }) };
}

function describeLost({ key, at, end }: LostMember, why: LostPart["why"]): LostPart {
  return { ...(key !== undefined && { key }), fromByte: at, toByte: end, why };
}
