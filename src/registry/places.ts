import {
  findEntries,
  findMembers,
  hasRepeatedNames,
  isObjectAt,
  type Member,
  type NestedMember,
} from "../json/json-text.ts";
import { BINDING_MAPS } from "./bindings.ts";

/** Copies that the gateway makes anew at the next turn: nearly all of a large registry, and nothing that is asked for. */
export const REBUILT_FIELDS: readonly string[] = ["skillsSnapshot", "systemPromptReport"];

const known = new WeakMap<object, readonly NestedMember[]>();

/**
 * The entries of a registry as they stand in its text, in their order. Found once for each registry that was read: to pass
 * over 200 MB takes a second.
 *
 * @throws JsonTextError when it is no JSON object
 */
export function placesIn(registry: { text: string }): readonly NestedMember[] {
  const places = known.get(registry) ?? findEntries(registry.text);
  known.set(registry, places);
  return places;
}

/** The value of an entry, with empty objects for the copies that the gateway makes anew. */
export function valueWithoutCopies(text: string, { valueAt, valueEnd, fields = [] }: NestedMember): unknown {
  const parts: string[] = [];
  let done = valueAt;
  for (const field of fields) {
    if (!REBUILT_FIELDS.includes(field.name) || !isObjectAt(text, field.valueAt)) continue;
    parts.push(text.slice(done, field.valueAt), "{}");
    done = field.valueEnd;
  }
  return JSON.parse(parts.join("") + text.slice(done, valueEnd));
}

/** Whether a name is repeated in the registry, in an entry or in an entry's bindings: where edits take place. */
export function repeatsNames(registry: { text: string }): boolean {
  const places = placesIn(registry);
  return (
    hasRepeatedNames({ members: places }) || places.some(({ fields }) => fields && repeatsIn(registry.text, fields))
  );
}

function repeatsIn(text: string, fields: readonly Member[]): boolean {
  if (hasRepeatedNames({ members: fields })) return true;
  const maps = fields.filter(({ name }) => BINDING_MAPS.some((map) => map === name));
  return maps.some(({ valueAt }) => isObjectAt(text, valueAt) && hasRepeatedNames(findMembers(text, valueAt)));
}
