import { findMembers, hasRepeatedNames, isObjectAt } from "../json/json-text.ts";
import { BINDING_MAPS } from "./bindings.ts";

/** The text of an entry without what no reader sees, and how many of its fields that were. */
export type Settled = { json: string; dropped: number };

/**
 * Takes fields out of an entry that are followed by another of the same name, which is the one that readers take; in its
 * bindings as well. Where edits take place, no name may stand twice. All other text stays.
 */
export function settleRepeatedFields(json: string): Settled {
  if (!isObjectAt(json, 0)) return { json, dropped: 0 };
  const settled = settleObject(json);
  const members = findMembers(settled.json).members.filter(({ name, valueAt }) => isMap(name, settled.json, valueAt));
  return members.reduceRight(({ json: text, dropped }, { valueAt, valueEnd }) => {
    const map = settleObject(text.slice(valueAt, valueEnd));
    if (map.dropped === 0) return { json: text, dropped };
    return { json: text.slice(0, valueAt) + map.json + text.slice(valueEnd), dropped: dropped + map.dropped };
  }, settled);
}

function isMap(name: string, text: string, valueAt: number): boolean {
  return BINDING_MAPS.some((map) => map === name) && isObjectAt(text, valueAt);
}

function settleObject(json: string): Settled {
  const object = findMembers(json);
  if (!hasRepeatedNames(object)) return { json, dropped: 0 };
  const last = new Map(object.members.map((member, index) => [member.name, index]));
  const kept: string[] = [json.slice(0, object.members[0]?.nameAt)];
  let dropped = 0;
  for (const [index, { name, nameAt }] of object.members.entries()) {
    // Another one follows, so the comma goes with it.
    if (last.get(name) === index) kept.push(json.slice(nameAt, object.members[index + 1]?.nameAt));
    else dropped += 1;
  }
  return { json: kept.join(""), dropped };
}
