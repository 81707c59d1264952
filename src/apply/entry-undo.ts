import type { Step } from "../plan/plan.ts";
import type { FileEdit } from "../registry/edit-file.ts";
import type { RegistryFile } from "../registry/registry-file.ts";
import { goesOut } from "./entry-change.ts";
import type { AddedEntryUndo, RegistryUndo, RemovedEntryUndo } from "./undo-data.ts";
import { hashOfText } from "./write-registry.ts";

export type EditStep = Extract<Step, { kind: "edit-registry" }>;

type EntryUndo = RegistryUndo | RemovedEntryUndo | AddedEntryUndo;

/** How each of the entries that an edit changes is put back, by its key. */
export function undoesOf(
  file: RegistryFile,
  edit: Pick<FileEdit, "entries" | "added">,
  wanted: ReadonlyMap<string, EditStep>,
): Map<string, EntryUndo> {
  const { members } = file.root;
  const undoes = new Map<string, EntryUndo>();
  const removed = [...wanted].flatMap(([key, { change }]) => (goesOut(change) ? key : []));
  const turns = new Map(removed.map((key, turn) => [key, turn]));
  for (const [index, { name, valueAt, valueEnd }] of members.entries()) {
    const isRemoved = turns.has(name);
    const changed = edit.entries.get(name);
    if (!isRemoved && !changed) continue;
    const about = { registry: file.path, sessionKey: name, before: hashOfText(file.slice(valueAt, valueEnd)) };
    if (isRemoved) undoes.set(name, { ...about, ...placeIn(file, index, turns) });
    else if (changed) undoes.set(name, { ...about, at: 0, splices: changed.splices, after: hashOfText(changed.after) });
  }
  for (const [key, undo] of undoesOfAdded(file.path, edit.added)) undoes.set(key, undo);
  return undoes;
}

/** The same for entries that come in. @param added their texts by key */
export function undoesOfAdded(path: string, added: ReadonlyMap<string, string>): Map<string, AddedEntryUndo> {
  const undoOf = (key: string, text: string): AddedEntryUndo => ({
    ...{ registry: path, sessionKey: key, added: true, after: hashOfText(text) },
  });
  return new Map([...added].map(([key, text]) => [key, undoOf(key, text)]));
}

/**
 * @param turns of the entries that are taken out, by key: an undo brings them back in reverse, so that when it is one's turn,
 *   those after it in this order are back, and those before it are not
 */
function placeIn(
  file: RegistryFile,
  index: number,
  turns: ReadonlyMap<string, number>,
): Pick<RemovedEntryUndo, "member" | "next" | "gap"> {
  const { at: rootAt, members } = file.root;
  const [previous, own, following] = [members[index - 1], members[index], members[index + 1]];
  if (!own) throw new RangeError(`there is no member ${index}`);
  const turn = turns.get(own.name) ?? 0;
  const member = file.slice(own.nameAt, own.valueEnd);
  let at = index + 1;
  while (at < members.length && (turns.get(members[at]?.name ?? "") ?? turns.size) < turn) at += 1;
  const next = members[at];
  if (next && following) return { member, next: next.name, gap: file.slice(own.valueEnd, following.nameAt) };
  if (following) return { member, next: null, gap: file.slice(own.valueEnd, following.nameAt) };
  return { member, next: null, gap: file.slice(previous ? previous.valueEnd : rootAt + 1, own.nameAt) };
}
