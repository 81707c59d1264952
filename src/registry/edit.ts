import { KeeperError } from "../errors.ts";
import { findMembers, hasRepeatedNames, isObjectAt, JsonTextError, type Member } from "../json/json-text.ts";
import { applySplices, type Splice } from "../json/splice.ts";
import { asObject, BINDING_MAPS, bindingsOf, LEGACY_BINDING, LEGACY_PROVIDER } from "./bindings.ts";
import { changeObject, type ObjectChange } from "./change-object.ts";
import { checkChange } from "./check-change.ts";

/** A registry's text after an edit, and how to get there: inverted, the splices undo it exactly. */
export type RegistryEdit = {
  text: string;
  splices: Splice[];
  changed: boolean;
};

/** What becomes of an entry; undefined: it stays as it is. */
export type EntryChange = ObjectChange | undefined;

/**
 * Clears the bindings of one entry to a Claude Code session. Where it is the one that the gateway believes, all three fields of
 * the provider go together: were one left, the gateway would fall back on it and resume a session that is gone. A map that becomes
 * empty goes as well, as in the gateway's own clearing. An entry that isn't there, or doesn't name the session any more, changes
 * nothing.
 *
 * @param key the session key in its stored spelling
 * @throws KeeperError (`failed`) when the text is malformed, or names are repeated where the edit would go
 */
export function clearBinding(text: string, key: string, claudeSessionId: string): RegistryEdit {
  return editEntries(text, (entry, entryKey) =>
    entryKey === key ? withoutSessions(entry, [claudeSessionId]) : undefined,
  );
}

/** Like `clearBinding`, for every entry that names the session. */
export function clearBindings(text: string, claudeSessionId: string): RegistryEdit {
  return editEntries(text, (entry) => withoutSessions(entry, [claudeSessionId]));
}

/** The fields of an entry for whoever decides on a change. Nothing is looked at before it is asked for: registries are large. */
export type EntryFields = {
  has(name: string): boolean;
  read(name: string): unknown;
};

/**
 * Changes entries in place; every character outside of the changed members stays. Each changed entry is read back and
 * compared with what was intended before the result is handed out. The rest is copied, not parsed: a registry of 200 MB would
 * cost a gigabyte and more than the moment for which its lock may be held.
 *
 * @param decide returns undefined for an entry that stays as it is; entries that are no objects are not shown to it
 * @throws KeeperError (`failed`) when the text is malformed, or names are repeated where the edit would go
 */
export function editEntries(text: string, decide: (entry: EntryFields, key: string) => EntryChange): RegistryEdit {
  try {
    const root = findMembers(text);
    // Of repeated names, readers see the last.
    const visible = new Map(root.members.map((member) => [member.name, member]));
    const splices: Splice[] = [];
    for (const member of visible.values()) {
      const isEntry = isObjectAt(text, member.valueAt);
      const change = isEntry ? decide(fieldsOf(text, member), member.name) : undefined;
      if (change === undefined) continue;
      if (hasRepeatedNames(root)) throw repeatedNames();
      splices.push(...changeEntry(text, member, change));
    }
    splices.sort((a, b) => a.at - b.at);
    return { text: applySplices(text, splices), splices, changed: splices.length > 0 };
  } catch (error) {
    throw error instanceof JsonTextError ? malformed(error) : error;
  }
}

const MENDING = "Nothing was changed. `session-keeper validate-registry --repair` mends registries.";

type Place = Pick<Member, "valueAt" | "valueEnd">;

/**
 * The splices that change an entry; the result is read back and compared with what was intended.
 *
 * @throws KeeperError (`failed`) when names are repeated where the edit would go; JsonTextError when it is no object
 */
export function changeEntry(text: string, { valueAt, valueEnd }: Place, change: ObjectChange): Splice[] {
  const entry = findMembers(text, valueAt);
  if (hasRepeatedNames(entry)) throw repeatedNames();
  const inner = [...(change.within?.keys() ?? [])].map((name) => entry.members.find((member) => member.name === name));
  const touched = inner.flatMap((member) => (member ? [findMembers(text, member.valueAt)] : []));
  if (touched.some(hasRepeatedNames)) throw repeatedNames();
  const splices = changeObject(text, entry, change);
  const before = text.slice(valueAt, valueEnd);
  const after = applySplices(
    before,
    splices.map((splice) => ({ ...splice, at: splice.at - valueAt })),
  );
  if (!checkChange(before, after, change)) throw wrongResult();
  return splices;
}

/** The fields of an entry as it stands in a text. */
export function fieldsOf(text: string, { valueAt }: Place): EntryFields {
  let members: Map<string, Member> | undefined;
  const find = (name: string) => {
    members ??= new Map(findMembers(text, valueAt).members.map((member) => [member.name, member]));
    return members.get(name);
  };
  return {
    has: (name) => find(name) !== undefined,
    read(name) {
      const member = find(name);
      return member && JSON.parse(text.slice(member.valueAt, member.valueEnd));
    },
  };
}

/**
 * The change that makes an entry forget sessions of Claude Code; undefined when it names none of them. A provider whose first
 * binding, the one that the gateway believes, is to be forgotten loses all; any other only those that are to be forgotten.
 */
export function withoutSessions(entry: EntryFields, claudeSessionIds: readonly string[]): ObjectChange | undefined {
  const fields = Object.fromEntries([...BINDING_MAPS, LEGACY_BINDING].map((name) => [name, entry.read(name)]));
  const bindings = bindingsOf(fields);
  if (!bindings.some(({ sessionId }) => claudeSessionIds.includes(sessionId))) return undefined;
  const isCleared = (provider: string, held: Record<string, unknown>) => {
    const believed = bindings.find((binding) => binding.provider === provider);
    return [believed, ...bindingsOf(held)].some((one) => one && claudeSessionIds.includes(one.sessionId));
  };
  const remove = new Set<string>();
  const within = new Map<string, ObjectChange>();
  for (const name of BINDING_MAPS) {
    const held = Object.entries(asObject(fields[name]));
    const alone = (one: [string, unknown]) => ({ [name]: Object.fromEntries([one]) });
    const cleared = new Set(held.filter((one) => isCleared(one[0], alone(one))).map(([provider]) => provider));
    if (cleared.size === 0) continue;
    if (cleared.size === held.length) remove.add(name);
    else within.set(name, { remove: cleared });
  }
  const legacy = { [LEGACY_BINDING]: fields[LEGACY_BINDING] };
  if (isCleared(LEGACY_PROVIDER, legacy)) remove.add(LEGACY_BINDING);
  return { remove, within };
}

export function malformed(error: JsonTextError): KeeperError {
  return new KeeperError("failed", `the registry is ${error.message}`, MENDING, error);
}

export function repeatedNames(): KeeperError {
  return new KeeperError(
    "failed",
    "the registry holds the same name twice where it would have been edited",
    `${MENDING} Until then, readers may differ in which of the two they take.`,
  );
}

export function wrongResult(): KeeperError {
  return new KeeperError(
    "failed",
    "an edit of the registry did not come out as intended and was thrown away",
    "Nothing was changed. This is a fault of session-keeper; please report it.",
  );
}
