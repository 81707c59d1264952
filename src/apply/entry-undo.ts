import { findMembers, type Member } from "../json/json-text.ts";
import type { Splice } from "../json/splice.ts";
import type { Step } from "../plan/plan.ts";
import type { RegistryEdit } from "../registry/edit.ts";
import { placesIn } from "../registry/places.ts";
import type { Registry } from "../registry/read.ts";
import { comesIn, goesOut } from "./entry-change.ts";
import type { AddedEntryUndo, RegistryUndo, RemovedEntryUndo } from "./undo-data.ts";
import { hashOfText } from "./write-registry.ts";

export type EditStep = Extract<Step, { kind: "edit-registry" }>;

type EntryUndo = RegistryUndo | RemovedEntryUndo | AddedEntryUndo;

/** How each of the entries that an edit changed is put back, by its key. */
export function undoesOf(
  registry: Registry,
  edit: RegistryEdit,
  wanted: ReadonlyMap<string, EditStep>,
): Map<string, EntryUndo> {
  const { path, text, problem } = registry;
  const members = problem ? [] : placesIn(registry);
  const after = new Map((edit.places ?? findMembers(edit.text).members).map((member) => [member.name, member]));
  const textAfter = (key: string) => {
    const member = after.get(key);
    return member && edit.text.slice(member.valueAt, member.valueEnd);
  };
  const undoes = new Map<string, EntryUndo>();
  const removed = [...wanted].flatMap(([key, { change }]) => (goesOut(change) ? key : []));
  const turns = new Map(removed.map((key, turn) => [key, turn]));
  let next = 0; // both lists are in the order of the text
  for (const [index, member] of members.entries()) {
    const step = wanted.get(member.name);
    if (!step) continue;
    const { valueAt, valueEnd } = member;
    const about = { registry: path, sessionKey: member.name, before: hashOfText(text.slice(valueAt, valueEnd)) };
    if (goesOut(step.change)) {
      undoes.set(member.name, { ...about, ...placeIn(text, members, index, turns) });
      continue;
    }
    const splices: Splice[] = [];
    while (next < edit.splices.length && (edit.splices[next]?.at ?? 0) < valueAt) next += 1;
    for (; (edit.splices[next]?.at ?? Number.POSITIVE_INFINITY) < valueEnd; next += 1)
      splices.push(edit.splices[next] as Splice);
    if (splices.length > 0)
      undoes.set(member.name, { ...about, splices, at: valueAt, after: hashOfText(textAfter(member.name)) });
  }
  for (const [key, { change }] of wanted) {
    if (!comesIn(change) || undoes.has(key)) continue;
    const added = { registry: path, sessionKey: key, added: true, after: hashOfText(textAfter(key)) } as const;
    undoes.set(key, problem ? { ...added, isNewRegistry: true } : added);
  }
  return undoes;
}

/**
 * @param turns of the entries that are taken out, by key: an undo brings them back in reverse, so that when it is one's turn,
 *   those after it in this order are back, and those before it are not
 */
function placeIn(
  text: string,
  members: readonly Member[],
  index: number,
  turns: ReadonlyMap<string, number>,
): Pick<RemovedEntryUndo, "member" | "next" | "gap"> {
  const [previous, own, following] = [members[index - 1], members[index], members[index + 1]];
  if (!own) throw new RangeError(`there is no member ${index}`);
  const turn = turns.get(own.name) ?? 0;
  const member = text.slice(own.nameAt, own.valueEnd);
  let at = index + 1;
  while (at < members.length && (turns.get(members[at]?.name ?? "") ?? turns.size) < turn) at += 1;
  const next = members[at];
  if (next && following) return { member, next: next.name, gap: text.slice(own.valueEnd, following.nameAt) };
  if (following) return { member, next: null, gap: text.slice(own.valueEnd, following.nameAt) };
  const openedAt = text.indexOf("{") + 1;
  return { member, next: null, gap: text.slice(previous ? previous.valueEnd : openedAt, own.nameAt) };
}
