import { isObjectAt, JsonTextError, type Member } from "../json/json-text.ts";
import { applySplices, type Splice } from "../json/splice.ts";
import { changeObject, type ObjectChange } from "./change-object.ts";
import { changeEntry, type EntryFields, fieldsOf, malformed, repeatedNames, wrongResult } from "./edit.ts";
import { holdsEntries, type RegistryFile } from "./registry-file.ts";

/**
 * What is to become of entries, by key: other fields (undefined: it stays as it is, as does one that is no object), or another
 * value; those that come, or go. One that stands already does not come.
 */
export type EntryWishes = {
  change: (key: string) => ((entry: EntryFields) => ObjectChange | undefined) | undefined;
  replace: ReadonlyMap<string, string>;
  add: ReadonlyMap<string, string>;
  remove: ReadonlySet<string>;
};

/** How the text of an entry changes, counted from where it begins, and what it is then. */
type ChangedEntry = { splices: Splice[]; after: string };

/** An edit of a registry that is not written yet. `entries`: those that stay and change. `added`: those that come. */
export type FileEdit = {
  changed: boolean;
  entries: ReadonlyMap<string, ChangedEntry>;
  added: ReadonlyMap<string, string>;
  /** what stands in the file then; valid as long as that is open */
  pieces(): Generator<Uint8Array>;
  /** @throws KeeperError (`failed`) when what was written has other entries than are meant to be there */
  check(path: string): void;
};

/**
 * Plans an edit of a registry that was opened for all of the entries that it is about; every byte outside of what changes stays.
 * Each changed entry is read back and compared with what was intended. The rest is copied from the file, and never in memory as a
 * whole.
 *
 * @throws KeeperError (`failed`) when names are repeated where the edit would go, or an entry does not have the shape for it
 */
export function planEdit(file: RegistryFile, wishes: EntryWishes): FileEdit {
  try {
    return plan(file, wishes);
  } catch (error) {
    throw error instanceof JsonTextError ? malformed(error) : error;
  }
}

function plan(file: RegistryFile, wishes: EntryWishes): FileEdit {
  const { root, names } = file;
  // Of repeated names, readers see the last.
  const visible = new Map(root.members.map((member) => [member.name, member]));
  const entries = new Map<string, ChangedEntry>();
  for (const member of visible.values()) {
    const edit = wishes.remove.has(member.name) ? undefined : editOf(file, member, wishes);
    if (edit) entries.set(member.name, edit);
  }
  const removed = new Set([...wishes.remove].filter((key) => names.has(key)));
  const added = new Map([...wishes.add].filter(([key]) => !names.has(key)));
  const changed = entries.size + removed.size + added.size > 0;
  if (changed && file.isRepeating) throw repeatedNames();
  const replace = new Map([...entries].map(([key, { after }]) => [key, after]));
  const splices = changed ? changeObject(file, root, { remove: removed, insert: added, replace }) : [];
  return {
    ...{ changed, entries, added },
    pieces: () => piecesOf(file, splices),
    check(path) {
      if (!holdsEntries(path, expected(names, removed, added))) throw wrongResult();
    },
  };
}

function editOf(file: RegistryFile, member: Member, { change, replace }: EntryWishes): ChangedEntry | undefined {
  const [wanted, whole] = [change(member.name), replace.get(member.name)];
  if (!wanted && whole === undefined) return undefined;
  const value = file.slice(member.valueAt, member.valueEnd);
  if (whole !== undefined)
    return value === whole ? undefined : { splices: [{ at: 0, remove: value, insert: whole }], after: whole };
  if (!isObjectAt(value, 0)) return undefined;
  // what comes into an empty one is laid out as the registry is, of which the start tells
  const lead = file.slice(0, file.root.members[0]?.valueAt);
  const text = lead + value;
  const place = { valueAt: lead.length, valueEnd: text.length };
  const fields = wanted?.(fieldsOf(text, place));
  if (!fields) return undefined;
  const splices = changeEntry(text, place, fields).map((splice) => ({ ...splice, at: splice.at - lead.length }));
  return splices.length > 0 ? { splices, after: applySplices(value, splices) } : undefined;
}

/** @param splices at places that count bytes */
function* piecesOf(file: RegistryFile, splices: readonly Splice[]): Generator<Uint8Array> {
  let done = 0;
  for (const { at, remove, insert } of splices) {
    yield* file.pieces(done, at);
    yield Buffer.from(insert);
    done = at + Buffer.byteLength(remove);
  }
  yield* file.pieces(done, file.fingerprint.sizeBytes);
}

function* expected(
  names: Iterable<string>,
  removed: ReadonlySet<string>,
  added: ReadonlyMap<string, string>,
): Generator<string> {
  for (const name of names) if (!removed.has(name)) yield name;
  yield* added.keys();
}
