import { type EntryPlaces, isSessionKey, isSurelyEntry, looksLikeEntry } from "./entry-places.ts";
import { skipJson5Space } from "./json5-value.ts";
import { readMember, type WholeMember } from "./read-member.ts";

/** A member that was saved, and how sure it is. Places count bytes of the text. */
export type SavedMember = WholeMember & {
  /** Members of the same run follow one another without damage: of a repeated key, readers take the last. */
  run: number;
  /** It may not be all of the entry: it stands before damage that may be the rest of it, or isn't JSON. */
  isDoubtful: boolean;
};

export type LostMember = { key?: string; at: number; end: number };

export type SavedParts = { saved: SavedMember[]; lost: LostMember[] };

/**
 * What can be told for certain of a text that is broken somewhere. It is taken apart where entries begin, and each part is read
 * by itself: damage in one cannot reach the next, and the time it takes grows with the text only.
 */
export function salvageBroken(text: string, { places, layout }: EntryPlaces, firstRun: number): SavedParts {
  const parts: SavedParts = { saved: [], lost: [] };
  const first = places[0] ?? text.length;
  const state = { parts, layout, run: firstRun, isChained: /^\s*\{\s*$/.test(text.slice(0, first)) };
  if (!state.isChained) {
    const open = skipJson5Space(text, 0) ?? 0;
    // Entries whose names tell nothing may stand before the first that does.
    readOn(state, text.slice(0, first), text[open] === "{" ? open + 1 : open, 0);
  }
  for (const [index, at] of places.entries()) {
    const part = text.slice(at, places[index + 1]);
    readPart(state, part, at, index === places.length - 1);
  }
  return parts;
}

type State = { parts: SavedParts; layout: string | undefined; run: number; isChained: boolean };

function readPart(state: State, part: string, base: number, isLast: boolean): void {
  const member = readMember(part, 0);
  const sureness = "failedAt" in member ? undefined : judge(state, part, member, isLast);
  if ("failedAt" in member || sureness === undefined) {
    lose(state, part, 0, base, member.key);
    return;
  }
  const saved = save(state, member, base, sureness === "doubtful");
  const next = skipJson5Space(part, member.end) ?? part.length;
  if (part[next] === "," && state.layout === undefined) readOn(state, part, next + 1, base, saved);
  else loseRest(state, part, part[next] === "," || part[next] === "}" ? next + 1 : next, base);
}

/** How sure it is that a member is an entry, and all of it. Undefined: it can't be told for one. */
function judge({ layout, isChained }: State, part: string, member: WholeMember, isLast: boolean) {
  const isKnown = looksLikeEntry(member);
  if (!isKnown && !isChained) return undefined;
  const next = skipJson5Space(part, member.end) ?? part.length;
  const isSeparated = part[next] === "," || part[next] === "}";
  const isSure =
    layout === undefined
      ? isSeparated
      : closesOnItsOwnLine(member.json, layout) || (isSeparated && isLaidOut(part, next, layout));
  if (isSure || (isLast && next >= part.length)) return "sure";
  return isKnown ? "doubtful" : undefined;
}

/** In a text without lines: what follows an entry, up to the next place where one begins for certain. */
function readOn(state: State, part: string, start: number, base: number, before?: SavedMember): void {
  let at = skipJson5Space(part, start) ?? part.length;
  while (at < part.length) {
    const member = readMember(part, at);
    if ("failedAt" in member || !isSurelyEntry(member)) {
      // It may be fields of the entry before, whose closing brace is part of the damage.
      if (before !== undefined) before.isDoubtful = true;
      lose(state, part, at, base, member.key);
      return;
    }
    save(state, member, base, false);
    const next = skipJson5Space(part, member.end) ?? part.length;
    if (part[next] !== ",") {
      loseRest(state, part, part[next] === "}" ? next + 1 : next, base);
      return;
    }
    at = skipJson5Space(part, next + 1) ?? part.length;
  }
}

function save(state: State, member: WholeMember, base: number, isDoubtful: boolean): SavedMember {
  const { at, valueAt, end } = member;
  const saved = {
    ...member,
    at: at + base,
    valueAt: valueAt + base,
    end: end + base,
    run: state.run,
    isDoubtful: isDoubtful || member.isJson5,
  };
  state.parts.saved.push(saved);
  return saved;
}

function loseRest(state: State, part: string, start: number, base: number): void {
  const at = skipJson5Space(part, start) ?? part.length;
  // The opening of another document is nothing that could be lost.
  const isOpening = part[at] === "{" && part.slice(at + 1).trim() === "";
  if (isOpening) state.run += 1;
  else if (at < part.length) lose(state, part, at, base);
}

function lose(state: State, part: string, at: number, base: number, key?: string): void {
  // Within damage, anything could look like a name: a piece of a conversation, too.
  const isKey = key !== undefined && (state.isChained || isSessionKey(key));
  state.parts.lost.push({ ...(isKey && { key }), at: at + base, end: base + part.trimEnd().length });
  state.isChained = false;
  state.run += 1;
}

function closesOnItsOwnLine(json: string, layout: string): boolean {
  return json === "{}" || json === "[]" || json.endsWith(`${layout}}`) || json.endsWith(`${layout}]`);
}

/** Whether behind the value the next entry begins on the line where one belongs, or the document is closed on its own line. */
function isLaidOut(part: string, separatorAt: number, layout: string): boolean {
  if (part[separatorAt] === "}") return part.slice(0, separatorAt).endsWith("\n");
  const next = skipJson5Space(part, separatorAt + 1) ?? part.length;
  if (next >= part.length) return true;
  return part.slice(separatorAt + 1, next).replace("\r", "") === layout;
}
