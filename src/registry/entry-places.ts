import { fieldsOf, readField, type WholeMember } from "./read-member.ts";
import { readSessionKey } from "./session-key.ts";

/** Where entries begin in a byte text that is broken somewhere: what can be told without reading it from its start. */
export type EntryPlaces = {
  places: number[];
  /** The line break and indentation before each entry. Undefined: a text that isn't laid out in lines. */
  layout?: string;
};

/**
 * In a registry as the gateway lays it out, no line begins with two spaces and a quote but those where an entry begins: strings
 * hold no line breaks. In any other text, only such names count as are session keys, or stand before an object that begins as
 * entries do and nothing within them does.
 */
export function findEntryPlaces(text: string): EntryPlaces {
  const named: number[] = [];
  const votes = new Map<string, number>();
  for (const match of text.matchAll(NAMED_OBJECT)) {
    if (!isEntry(match)) continue;
    named.push(match.index);
    const before = /\n[ \t]*$/.exec(text.slice(Math.max(0, match.index - DEEPEST), match.index))?.[0] ?? "";
    votes.set(before, (votes.get(before) ?? 0) + 1);
  }
  const layout = layoutOf(text, votes);
  if (layout === "") return { places: named };
  const places: number[] = [];
  for (const { index } of text.matchAll(new RegExp(`${layout}(?=["'])`, "g"))) places.push(index + layout.length);
  return { places, layout };
}

/** Whether what stands at the place of an entry, but behind damage, can be taken for one. */
export function looksLikeEntry({ key, json }: WholeMember): boolean {
  const fields = fieldsOf(json);
  return fields !== undefined && (isSessionKey(key) || typeof readField(json, fields, "sessionId") === "string");
}

/** Whether it can only be an entry, wherever it stands: what is within entries has never both. */
export function isSurelyEntry({ json }: WholeMember): boolean {
  const fields = fieldsOf(json);
  if (fields === undefined || typeof readField(json, fields, "sessionId") !== "string") return false;
  return typeof readField(json, fields, "updatedAt") === "number";
}

/**
 * How most of the entries that can be told by themselves are laid out; of several ways, the one furthest to the left, as
 * entries may hold what looks like them. One alone may be made by the damage. Without any, as the text begins.
 */
function layoutOf(text: string, votes: ReadonlyMap<string, number>): string {
  const first = /^\s*\{\r?(\n[ \t]+)["']/.exec(text.slice(0, 1000))?.[1];
  if (votes.size === 0) return first ?? (isAsByTheGateway(text) ? GATEWAYS_LAYOUT : "");
  const common = [...votes].filter(([, count]) => count > 1).map(([layout]) => layout);
  if (common.length === 0) {
    return (
      [first, GATEWAYS_LAYOUT].find((layout) => layout !== undefined && votes.has(layout)) ??
      leftmost([...votes.keys()])
    );
  }
  return leftmost(common);
}

/** Where lines are indented by less, the gateway's indentation would be that of fields. */
function isAsByTheGateway(text: string): boolean {
  return text.includes(`${GATEWAYS_LAYOUT}"`) && !/\n[ \t]"/.test(text);
}

/** What stands in no line of its own, or in one without indentation, shows no more than its name does. */
function leftmost(layouts: string[]): string {
  return layouts.filter((layout) => layout.length > 1).sort((a, b) => a.length - b.length)[0] ?? "";
}

const GATEWAYS_LAYOUT = "\n  ";
const DEEPEST = 100;

/**
 * A name with nothing in it that separates, lest what is between two names is taken for one. Bounded, so that looking at every
 * quote of a large text takes no longer than reading it.
 */
const NAMED_OBJECT =
  /(?<!\\)"((?:[^"\\\r\n{}[\],]|\\.){0,1000})"\s{0,100}:\s{0,100}\{(?=(\s{0,100}"sessionId"\s{0,9}:\s{0,9}"[^"\\]{0,300}"\s{0,9},\s{0,100}"updatedAt"\s{0,9}:)?)/g;

function isEntry([, name = "", fields]: RegExpMatchArray): boolean {
  return fields !== undefined || isSessionKey(name);
}

/** Whether a name can be told for a session key. Old keys of one word are left out, but for the two that no field is called by. */
export function isSessionKey(name: string): boolean {
  const { agent, kind } = readSessionKey(name);
  return agent !== undefined || (kind !== "unknown" && (name.includes(":") || name === "main" || name === "global"));
}
