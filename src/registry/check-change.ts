import { findMembers } from "../json/json-text.ts";
import type { ObjectChange } from "./change-object.ts";

/**
 * Whether the text of an object after a change differs from the one before in exactly what was intended: the same members in
 * the same order, character by character, but for those that the change names. `JSON.parse` has to agree about the names, so
 * that a fault of our own reading cannot vouch for itself. Values are compared as text: numbers beyond 2^53 count.
 */
export function checkChange(before: string, after: string, change: ObjectChange): boolean {
  const expected = membersOf(before).filter(([name]) => !change.remove?.has(name));
  expected.push(...(change.insert ?? []));
  const found = membersOf(after);
  const agreed = new Set(Object.keys(JSON.parse(after) as object));
  if (found.length !== expected.length || found.length !== agreed.size) return false;
  return found.every(([name, value], index) => {
    const [expectedName, valueBefore] = expected[index] ?? ["", ""];
    if (name !== expectedName || !agreed.has(name)) return false;
    const inner = change.within?.get(name);
    return inner ? checkChange(valueBefore, value, inner) : value === (change.replace?.get(name) ?? valueBefore);
  });
}

/** Names, and values as text. */
function membersOf(text: string): [string, string][] {
  return findMembers(text).members.map(({ name, valueAt, valueEnd }) => [name, text.slice(valueAt, valueEnd)]);
}
