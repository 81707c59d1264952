import { findMembers, type Member, type ObjectSpan } from "../json/json-text.ts";
import type { Splice } from "../json/splice.ts";

/** What is to happen to the members of one object, by name; a member that isn't named here keeps every character. */
export type ObjectChange = {
  remove?: ReadonlySet<string>;
  /** New JSON text of members that exist. */
  replace?: ReadonlyMap<string, string>;
  /** JSON text of members that don't exist yet; they go to the end, in this order. */
  insert?: ReadonlyMap<string, string>;
  /** Changes inside members whose values are objects. */
  within?: ReadonlyMap<string, ObjectChange>;
};

/** What an object stands in: a text, or a file that gives out parts of its text. */
export type Sliced = { slice(from: number, to?: number): string };

/**
 * The splices that carry out a change, sorted by offset. Removing takes the comma and the white space that belong to a
 * member, inserting repeats those of its siblings: what was pretty stays pretty, what was compact stays compact.
 *
 * @param object as `findMembers` found it in `text`, without repeated names
 * @throws JsonTextError when `within` names a value that is no object
 */
export function changeObject(text: Sliced, object: ObjectSpan, change: ObjectChange): Splice[] {
  const splices: Splice[] = [];
  const kept = object.members.filter((member) => !change.remove?.has(member.name));
  const lastKept = kept.at(-1);
  for (const [index, member] of object.members.entries()) {
    if (change.remove?.has(member.name)) {
      // Each goes with what follows it up to the next name; those behind the last kept one go together, below.
      const next = object.members[index + 1];
      if (lastKept !== undefined && member.nameAt < lastKept.nameAt && next !== undefined) {
        splices.push(cut(text, member.nameAt, next.nameAt, ""));
      }
      continue;
    }
    const inner = change.within?.get(member.name);
    if (inner !== undefined) splices.push(...changeWithin(text, member, inner));
    const value = change.replace?.get(member.name);
    if (value !== undefined) splices.push(cut(text, member.valueAt, member.valueEnd, value));
  }
  splices.push(changeEnd(text, object, lastKept, [...(change.insert ?? [])]));
  return splices.filter((splice) => splice.remove !== splice.insert);
}

function changeWithin(source: Sliced, { valueAt, valueEnd }: Member, change: ObjectChange): Splice[] {
  const text = source.slice(0, valueEnd);
  return changeObject(text, findMembers(text, valueAt), change);
}

/** What happens behind the last kept member: those after it go, the new ones come. */
function changeEnd(text: Sliced, object: ObjectSpan, lastKept: Member | undefined, insert: [string, string][]): Splice {
  const { members } = object;
  const first = members[0];
  const last = members.at(-1);
  if (first === undefined || last === undefined) return fillEmpty(text, object, insert);
  const colon = text.slice(last.nameEnd, last.valueAt);
  const added = insert.map(([name, value]) => `${JSON.stringify(name)}${colon}${value}`);
  const separator = separatorOf(text, object);
  if (lastKept !== undefined) {
    return cut(text, lastKept.valueEnd, last.valueEnd, added.map((member) => separator + member).join(""));
  }
  if (added.length === 0) return cut(text, object.at + 1, object.end - 1, "");
  return cut(text, first.nameAt, last.valueEnd, added.join(separator));
}

/** The comma between two members with the white space around it, as the last two have it. */
function separatorOf(text: Sliced, { at, members }: ObjectSpan): string {
  const last = members.at(-1);
  const previous = members.at(-2);
  if (last === undefined) return ",";
  return previous === undefined ? `,${text.slice(at + 1, last.nameAt)}` : text.slice(previous.valueEnd, last.nameAt);
}

/** An empty object has no siblings to go by: the line it stands on tells the indentation, the text's first line the step. */
function fillEmpty(source: Sliced, object: ObjectSpan, insert: [string, string][]): Splice {
  if (insert.length === 0) return { at: object.at, remove: "", insert: "" };
  const text = source.slice(0, object.end);
  const step = /^\s*\{\r?\n([ \t]+)/.exec(text)?.[1];
  const pretty = step !== undefined;
  const lineAt = text.lastIndexOf("\n", object.at) + 1;
  const indent = /^[ \t]*/.exec(text.slice(lineAt, object.at))?.[0] ?? "";
  const before = pretty ? `\n${indent}${step}` : "";
  const added = insert.map(([name, value]) => `${before}${JSON.stringify(name)}:${pretty ? " " : ""}${value}`);
  return cut(source, object.at + 1, object.end - 1, added.join(",") + (pretty ? `\n${indent}` : ""));
}

function cut(text: Sliced, from: number, to: number, insert: string): Splice {
  return { at: from, remove: text.slice(from, to), insert };
}
